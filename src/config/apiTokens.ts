/** What a token of the API may do. */
export const roles = ['read', 'call', 'admin'] as const;
export type Role = (typeof roles)[number];

/** One entry of `RINGTRUE_API_TOKENS`. */
export interface ApiToken {
  /** Shown where the token acted. A token without a name has its position: `token 0` is the first. */
  name: string;
  role: Role;
  token: string;
}

/** A shorter one is a slip of the pen. Tokens without a name may be shorter, as they always could. */
const fewestCharacters = 6;

/**
 * The tokens of `TOKEN` and `NAME:ROLE:TOKEN`, separated by commas, or every fault. A fault names entries by
 * their position, from 1, and repeats nothing of them: any part may be a secret in the wrong place.
 */
export function readApiTokens(text: string): { tokens: ApiToken[] } | { faults: string[] } {
  const entries = text.split(',').map((entry) => entry.trim().split(':'));
  const faults = entries.flatMap(faultsOfEntry);
  if (faults.length > 0) return { faults };
  const tokens = entries.map((parts, index): ApiToken => {
    const [name, role, token] = parts.length === 1 ? [`token ${index}`, 'admin', parts[0]] : parts;
    return { name, role, token } as ApiToken;
  });
  const repeats = [
    ...repeatsIn(tokens, 'name', 'it says who did something'),
    ...repeatsIn(tokens, 'token', 'it says who sends a request'),
  ];
  return repeats.length > 0 ? { faults: repeats } : { tokens };
}

function faultsOfEntry(parts: string[], index: number): string[] {
  const at = `in entry ${index + 1}`;
  if (parts.length !== 1 && parts.length !== 3)
    return [`has ${parts.length} parts ${at}; must be TOKEN or NAME:ROLE:TOKEN`];
  const [name, role, token = ''] = parts.length === 1 ? [null, null, parts[0]] : parts;
  const faults: string[] = [];
  if (name !== null && !/^[\p{L}\p{N}]([\p{L}\p{N} ._@-]{0,62}[\p{L}\p{N}._@-])?$/u.test(name ?? ''))
    faults.push(
      `has no usable name ${at}; must be 1..64 letters, digits, blanks and ._@-, begin with a letter or digit and not end with a blank, as in NAME:ROLE:TOKEN`,
    );
  if (role !== null && !roles.some((known) => known === role))
    faults.push(`has an unknown role ${at}; must be ${roles.join(', ')}, as in NAME:ROLE:TOKEN`);
  if (!/^[A-Za-z0-9\-._~+/]+=*$/.test(token))
    faults.push(`has no usable token ${at}; must be letters, digits and -._~+/=`);
  else if (name !== null && token.length < fewestCharacters)
    faults.push(
      `has a token of fewer than ${fewestCharacters} characters ${at}; must be longer, such as from: openssl rand -hex 32`,
    );
  return faults;
}

/** Entries that have the same name or the same token as an earlier one. */
function repeatsIn(tokens: ApiToken[], field: 'name' | 'token', why: string): string[] {
  return tokens.flatMap((one, index) => {
    const first = tokens.findIndex((other) => other[field] === one[field]);
    if (first === index) return [];
    return [`has the same ${field} in entries ${first + 1} and ${index + 1}; must differ, because ${why}`];
  });
}
