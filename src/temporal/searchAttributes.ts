import type { ConnectionLike } from '@temporalio/client';
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';
import { searchAttribute } from '../../workflows/call/searchAttributes.js';

/** The types of our search attributes, by name. */
const types = new Map(Object.values(searchAttribute).map(({ name, type }) => [name, type] as const));

export const searchAttributeNames: readonly string[] = [...types.keys()];

const cliTypes = { KEYWORD: 'Keyword', INT: 'Int' } as const;

/**
 * The attributes as `temporal server start-dev --search-attribute` and `temporal operator` take them:
 * `RingtrueTo=Keyword`.
 */
export const searchAttributeFlags = [...types].map(([name, type]) => `${name}=${cliTypes[type]}`);

/** Each of our attributes, and what the namespace has under its name. Throws errors of Temporal. */
export async function searchAttributeStates(
  connection: OperatorConnection,
  namespace: string,
): Promise<{ name: string; type: string; state: 'there' | 'missing' | 'wrong-type' }[]> {
  const known = await attributesOf(connection, namespace);
  return [...types].map(([name, type]) => {
    const found = known[name];
    const isRight = found === encodeSearchAttributeIndexedValueType(type);
    const state = found === undefined || found === null ? 'missing' : isRight ? 'there' : 'wrong-type';
    return { name, type: cliTypes[type], state };
  });
}

async function attributesOf(connection: OperatorConnection, namespace: string) {
  const { customAttributes, systemAttributes } = await connection.operatorService.listSearchAttributes({
    namespace,
  });
  return { ...systemAttributes, ...customAttributes };
}

/** The command with which a person registers one of our attributes. */
export function registerCommand(namespace: string, name: string, type: string): string {
  return `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${type}`;
}

/** What both kinds of connections to Temporal can do. */
export type OperatorConnection = Pick<ConnectionLike, 'operatorService' | 'withDeadline'>;

/** An attribute of that name exists with another type, which only a person can fix. */
export class WrongSearchAttribute extends Error {
  override readonly name = 'WrongSearchAttribute';
}

/** The namespace has no slot left for an attribute: a person must remove another one. */
export class NoSearchAttributeSlot extends Error {
  override readonly name = 'NoSearchAttributeSlot';
}

/**
 * Returns which of our attributes the namespace lacks. Throws `WrongSearchAttribute` if one has another type.
 */
export async function missingSearchAttributes(
  connection: OperatorConnection,
  namespace: string,
): Promise<string[]> {
  const states = await searchAttributeStates(connection, namespace);
  const wrong = states
    .filter(({ state }) => state === 'wrong-type')
    .map(({ name, type }) => `${name} (must be ${type})`);
  if (wrong.length > 0)
    throw new WrongSearchAttribute(
      `The namespace ${namespace} has search attributes of these names but another type: ${wrong.join(', ')}. ` +
        'A type cannot be changed: use another namespace (TEMPORAL_NAMESPACE), or remove them there and run `ringtrue setup`.',
    );
  return states.filter(({ state }) => state === 'missing').map(({ name }) => name);
}

/**
 * Registers the search attributes that the namespace lacks, and returns their names. Throws
 * `WrongSearchAttribute`, or what the server answers: Temporal Cloud lets no program register them, so a
 * person adds them in its UI.
 */
export async function registerSearchAttributes(
  connection: OperatorConnection,
  namespace: string,
): Promise<string[]> {
  const missing = await missingSearchAttributes(connection, namespace);
  if (missing.length === 0) return [];
  const added = [...types].filter(([name]) => missing.includes(name));
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(
        added.map(([name, type]) => [name, encodeSearchAttributeIndexedValueType(type) ?? 0]),
      ),
    });
  } catch (error) {
    // Another process may have registered them at the same time.
    const still = await missingSearchAttributes(connection, namespace);
    if (still.length === 0) return [];
    const type = fullType(error);
    throw type === null ? error : await noSlot(connection, namespace, { type, missing: still });
  }
  return missing;
}

/**
 * The type of which the namespace takes no more attributes; null if that is not the error. Source: Temporal's
 * server, SQL visibility: a fixed number of columns for each type.
 */
function fullType(error: unknown): string | null {
  const { details, message, cause } = error as { details?: string; message?: string; cause?: unknown };
  const [, type] = /cannot have more than .* of type (\w+)/.exec(`${details} ${message}`) ?? [];
  return type ?? (cause instanceof Error ? fullType(cause) : null);
}

/** Names the attributes of other programs that occupy the slots. */
async function noSlot(
  connection: OperatorConnection,
  namespace: string,
  { type, missing }: { type: string; missing: string[] },
): Promise<NoSearchAttributeSlot> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const isOfType = (code: unknown) =>
    (['KEYWORD', 'INT'] as const).some(
      (one) => cliTypes[one] === type && encodeSearchAttributeIndexedValueType(one) === code,
    );
  const others = Object.entries(customAttributes ?? {})
    .filter(([name, code]) => isOfType(code) && !types.has(name))
    .map(([name]) => name);
  return new NoSearchAttributeSlot(
    `The namespace ${namespace} has no slot of type ${type} left for the search attributes ${missing.join(', ')}. ` +
      `Other programs have these of that type: ${others.sort().join(', ')}. ` +
      `Remove some that no program needs (temporal operator search-attribute remove --namespace ${namespace} --name NAME), or use another namespace (TEMPORAL_NAMESPACE)`,
  );
}

/** What a person can run if ringtrue may not register them. */
export function howToRegister(namespace: string): string {
  return `run \`ringtrue setup\` with rights to do so, or: ${searchAttributeFlags
    .map((flag) => flag.split('='))
    .map(([name = '', type = '']) => registerCommand(namespace, name, type))
    .join(' && ')}; on Temporal Cloud add them under Namespace > Search Attributes`;
}
