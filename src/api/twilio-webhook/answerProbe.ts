import { answerToProbe, type ProbeAnswer, probeParameter } from '../../../activities/twilio/probe.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { requestTarget } from '../http/requestTarget.js';
import { isSigned } from './forgeryCheck.js';
import { baseOf, type FormParameters } from './twilioSignature.js';

/** The answer to a probe of `ringtrue doctor`; null if this is none, or nobody of ours sent it. */
export function answerProbe(tools: ApiTools, c: ApiContext, parameters: FormParameters): Response | null {
  const proof = answerToProbe(parameters[probeParameter], tools.twilioAuthTokens);
  if (proof === null) return null;
  const { publicUrl } = tools;
  const answer: ProbeAnswer = {
    proof,
    signed: isSigned(tools, c, parameters),
    publicUrl: publicUrl === null ? null : baseOf(publicUrl),
    target: requestTarget(c),
    parameters,
  };
  return c.json(answer, 200, { 'Cache-Control': 'no-store' });
}
