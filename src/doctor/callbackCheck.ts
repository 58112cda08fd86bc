import { randomUUID } from 'node:crypto';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import {
  isProbeAnswer,
  type ProbeAnswer,
  probeCallId,
  probeParameter,
  probeValue,
} from '../../activities/twilio/probe.js';
import type { DoctorConfiguration } from '../config/doctorConfiguration.js';
import { type DoctorCheck, type Finding, fault, fine, NotChecked, nameOf, once } from './doctorCheck.js';
import { type CheckedAccount, settingOf } from './twilioChecks.js';

const answersWithinMs = 8_000;
const path = `/twilio/status/${probeCallId}/1`;

/**
 * Does a signed callback that goes to the public URL reach our API unchanged? One check, and another one for each account
 * of `RINGTRUE_ACCOUNTS`, whose callbacks have signatures of their own.
 */
export function callbackChecks(
  { publicUrl }: Pick<DoctorConfiguration, 'publicUrl'>,
  accounts: readonly CheckedAccount[],
): DoctorCheck[] {
  const fix = 'Check RINGTRUE_PUBLIC_URL, and whether the API runs and its proxy passes requests on.';
  const ofMain = once(async () => {
    if (publicUrl === null)
      return fine('RINGTRUE_PUBLIC_URL is none: Twilio sends no callbacks, and polling decides every call.');
    const main = accounts.find(({ name }) => name === null);
    if (publicUrl === undefined || main === undefined)
      throw new NotChecked(
        publicUrl === undefined ? 'RINGTRUE_PUBLIC_URL is at fault.' : 'there is no auth token to sign with.',
        'Correct the configuration first, then run the doctor again.',
      );
    return probe(publicUrl, main);
  });
  const others = publicUrl === null ? [] : accounts.filter(({ name }) => name !== null);
  return [
    { name: 'public-url', fix, look: ofMain },
    ...others.map((account) => ({
      name: nameOf('public-url', account.name),
      fix,
      look: async () => {
        const reached = await ofMain().catch(() => null);
        if (!reached?.ok || !publicUrl) throw NotChecked.because('public-url');
        return probe(publicUrl, account);
      },
    })),
  ];
}

async function probe(publicUrl: string, account: CheckedAccount): Promise<Finding> {
  const { name, authToken, settings } = account;
  const nonce = randomUUID();
  const parameters = {
    CallSid: `CA${'0'.repeat(32)}`,
    CallStatus: 'completed',
    ...(name === null ? {} : { AccountSid: settings.accountSid }),
    // What a proxy that writes the body anew would write in another way.
    CallerName: 'a b+c~*ü',
    [probeParameter]: probeValue(authToken, nonce),
  };
  const sentAt = performance.now();
  let response: Response;
  try {
    response = await fetch(publicUrl + path, {
      method: 'POST',
      body: new URLSearchParams(parameters),
      headers: {
        'X-Twilio-Signature': getExpectedTwilioSignature(authToken, publicUrl + path, parameters),
        'User-Agent': 'TwilioProxy/1.1',
      },
      redirect: 'manual',
      signal: AbortSignal.timeout(answersWithinMs),
    });
  } catch (error) {
    return networkFinding(publicUrl, error);
  }
  const text = await response.text().catch(() => '');
  const answer = parsed(text);
  if (isProbeAnswer(answer, authToken, nonce))
    return answer.signed
      ? fine(
          `A signed probe from this machine reached the API at ${publicUrl} in ${Math.round(performance.now() - sentAt)} ms, and its signature is valid there.`,
        )
      : signatureFinding(publicUrl, answer, parameters);
  return foreignFinding(publicUrl, response, { text, answer, account });
}

/** The probe reached our API, and the signature did not match there. */
function signatureFinding(publicUrl: string, answer: ProbeAnswer, sent: Record<string, string>): Finding {
  const apis = answer.publicUrl;
  if (apis === null)
    return fault(
      `The API at ${publicUrl} runs with RINGTRUE_PUBLIC_URL=none, and refuses callbacks.`,
      `Give the API and all workers the same RINGTRUE_PUBLIC_URL, and restart them.`,
    );
  if (apis !== publicUrl)
    return fault(
      differsInScheme(apis, publicUrl)
        ? `http and https are mixed up: the API verifies signatures for ${apis}, and callbacks would go to ${publicUrl}.`
        : `The API verifies signatures for another URL, ${apis}, than callbacks would go to, ${publicUrl}.`,
      'Give the API and all workers the same RINGTRUE_PUBLIC_URL, the one that Twilio requests, and restart them.',
    );
  const [arrivedPath, arrivedQuery] = splitOnce(answer.target, '?');
  if (arrivedQuery !== undefined)
    return fault(
      `Something on the way to ${publicUrl} changes the query: ${path} was sent without one, and arrived as ${answer.target}.`,
      'Have the proxy pass requests on with their query unchanged, because the signature covers it.',
    );
  if (arrivedPath !== path)
    return fault(
      `Something on the way to ${publicUrl} changes the path: ${path} was sent, and arrived as ${arrivedPath}.`,
      `Have the proxy pass ${path} on unchanged, without the path of RINGTRUE_PUBLIC_URL. In nginx: proxy_pass without a path.`,
    );
  const changed = Object.keys({ ...sent, ...answer.parameters }).filter(
    (name) => sent[name] !== answer.parameters[name],
  );
  return fault(
    changed.length > 0
      ? `Something on the way to ${publicUrl} changes the body (${changed.join(', ')}).`
      : `The signature of the probe is not valid at ${publicUrl}; something on the way changes the header X-Twilio-Signature.`,
    'Have the proxy pass the body and the header X-Twilio-Signature on unchanged.',
  );
}

/** Something else than our API answered, or an API that does not know our auth token. */
function foreignFinding(
  publicUrl: string,
  response: Response,
  { text, answer, account }: { text: string; answer: unknown; account: CheckedAccount },
): Finding {
  const { status } = response;
  const location = response.headers.get('Location');
  if (status >= 300 && status < 400) return redirectFinding(publicUrl, status, location);
  const { type, detail, instance } = (answer ?? {}) as Partial<
    Record<'type' | 'detail' | 'instance', string>
  >;
  const problem = /^urn:ringtrue:problem:(.*)$/.exec(type ?? '')?.[1];
  if (problem === 'bad-signature')
    return fault(
      `${publicUrl} leads to a ringtrue API with another auth token than this machine's.`,
      `Give the API and this machine the same ${settingOf(account, 'TWILIO_AUTH_TOKEN')} and restart the API. Or correct RINGTRUE_PUBLIC_URL, if it leads to another deployment.`,
    );
  if (problem === 'not-found')
    return fault(
      `${publicUrl} leads to a ringtrue API, but under another path: ${path} arrived as ${instance}.`,
      pathFix(publicUrl),
    );
  if (problem !== undefined)
    return fault(
      `${publicUrl} leads to a ringtrue API that does not take the probe (${status}): ${detail ?? problem}`,
      'Run the same version of ringtrue here and there. If it has the same one, its log says more.',
    );
  if ([502, 503, 504].includes(status))
    return fault(
      `${publicUrl} leads to a proxy that does not reach the API behind it (${status}).`,
      'Start `ringtrue api`, and have the proxy pass requests on to its HOST and PORT.',
    );
  if (status === 400 && /plain HTTP request/i.test(text))
    return fault(
      `http and https are mixed up: ${publicUrl} leads to a port that speaks https.`,
      `Set RINGTRUE_PUBLIC_URL=${publicUrl.replace(/^http:/, 'https:')}`,
    );
  if (status === 401 || status === 403)
    return fault(
      `${publicUrl} refuses the probe (${status}) before it reaches a ringtrue API.`,
      'Have the proxy or firewall let POST /twilio/status/… pass without a login: Twilio has none.',
    );
  return fault(
    `${publicUrl} leads to something that is not a ringtrue API (it answered ${status}).`,
    'Point RINGTRUE_PUBLIC_URL, or the proxy at that address, to `ringtrue api`.',
  );
}

function redirectFinding(publicUrl: string, status: number, location: string | null): Finding {
  const target =
    location !== null && URL.canParse(location, publicUrl + path)
      ? new URL(location, publicUrl + path)
      : null;
  const base =
    target === null
      ? null
      : target.href
          .replace(/[?#].*$/, '')
          .replace(path, '')
          .replace(/\/+$/, '');
  const isMixedUp = base !== null && differsInScheme(base, publicUrl);
  return fault(
    `${isMixedUp ? 'http and https are mixed up: ' : ''}${publicUrl} redirects callbacks (${status})${base === null ? '' : ` to ${target?.href}`}. Twilio follows with GET, and the signature no longer matches.`,
    base === null || base === publicUrl
      ? 'Have the proxy pass /twilio/status/… on without a redirect.'
      : `Set RINGTRUE_PUBLIC_URL=${base}, where the redirect ends, for the API and all workers.`,
  );
}

function pathFix(publicUrl: string): string {
  const prefix = new URL(publicUrl).pathname.replace(/\/$/, '');
  if (prefix === '')
    return `Have the proxy pass ${path} on unchanged: it adds or removes a part of the path.`;
  return `Have the proxy remove ${prefix} from the path before it passes requests on: the API must get ${path}. In nginx: location ${prefix}/ with proxy_pass http://…/;`;
}

function networkFinding(publicUrl: string, error: unknown): Finding {
  const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  const { protocol, host, port } = new URL(publicUrl);
  const code = cause?.code ?? '';
  if (name === 'TimeoutError')
    return fault(
      `${publicUrl} gave no answer within ${answersWithinMs / 1000} s.`,
      `Check the firewall in front of ${host}. Twilio waits 15 s at most for all its tries together.`,
    );
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return fault(
      `The host ${host} of RINGTRUE_PUBLIC_URL has no address (${code}).`,
      'Correct the host name in RINGTRUE_PUBLIC_URL, or add it to the DNS.',
    );
  if (protocol === 'https:' && /WRONG_VERSION_NUMBER|EPROTO|PACKET_LENGTH/.test(`${code} ${cause?.message}`))
    return fault(
      `http and https are mixed up: ${publicUrl} leads to a port that does not speak https.`,
      `Have a proxy terminate TLS at ${host}, or set RINGTRUE_PUBLIC_URL to http://… if there is none.`,
    );
  if (/CERT|SIGNATURE|ISSUER/.test(code))
    return fault(
      `${host} shows a certificate that is not trusted (${code}): Twilio would not connect.`,
      'Install a certificate of a public authority, with its intermediate certificates, and for this host name.',
    );
  return fault(
    `${publicUrl} cannot be reached (${code || cause?.message || message}).`,
    `Start \`ringtrue api\` or the proxy in front of it, and check that ${port === '' ? 'the standard port' : `port ${port}`} of ${host} is open.`,
  );
}

function differsInScheme(one: string, other: string): boolean {
  return one !== other && one.replace(/^https?:/, '') === other.replace(/^https?:/, '');
}

function splitOnce(text: string, by: string): [string, string | undefined] {
  const at = text.indexOf(by);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
