import { answerToProbe, type ProbeAnswer, probeParameter } from '../../../activities/twilio/probe.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { requestTarget } from '../http/requestTarget.js';
import { signerOf } from './forgeryCheck.js';
import { baseOf, type FormParameters } from './twilioSignature.js';

/** The answer to a probe of `ringtrue doctor`; null if this is none, or nobody of ours sent it. */
export function answerProbe(tools: ApiTools, c: ApiContext, parameters: FormParameters): Response | null {
  const ofAccounts = [...tools.accounts.configured().values()].flatMap(({ authTokens }) => authTokens);
  const tokens = [...tools.twilioAuthTokens, ...ofAccounts];
  const proof = answerToProbe(parameters[probeParameter], tokens);
  if (proof === null) return null;
  const { publicUrl } = tools;
  const signer = signerOf(tools, c, parameters);
  const answer: ProbeAnswer = {
    proof,
    signed: signer !== null && signer !== 'unconfigured',
    publicUrl: publicUrl === null ? null : baseOf(publicUrl),
    target: requestTarget(c),
    parameters,
  };
  return c.json(answer, 200, { 'Cache-Control': 'no-store' });
}
