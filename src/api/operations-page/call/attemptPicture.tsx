import type { CallAnswer } from '../../calls/callAnswer.js';
import { Badge, OutcomeBadge } from '../parts/badge.js';
import { durationText, Moment } from '../parts/moment.js';
import { type AttemptPhases, attemptPhases } from './attemptPhases.js';

/** The width of the picture, and how much of it the wait gets, which may be days. */
const width = 1000;
const waitWidth = 160;
const height = 26;

const phaseNames = ['waited', 'queued', 'rang', 'talked'] as const;

/** The attempts of a call one below the other, on one scale. The wait before each is not on it. */
export function AttemptPicture({ call, zone, now }: { call: CallAnswer; zone: string; now: string }) {
  const rows = call.attempts.map((attempt, index) => {
    const before = call.attempts[index - 1];
    const from = before?.endedAt ?? before?.placedAt ?? call.startedAt;
    return { attempt, phases: attemptPhases(attempt, { from, now }) };
  });
  const longest = Math.max(1, ...rows.map(({ phases }) => phases.queued + phases.rang + phases.talked));
  const planned = call.state === 'done' || call.nextAttemptAt === null ? null : call.nextAttemptAt;
  if (rows.length === 0 && planned === null)
    return (
      <p class="quiet">{call.state === 'done' ? 'The call made no attempt.' : 'No attempt has begun yet.'}</p>
    );
  return (
    <>
      <ol class="attempts">
        {rows.map(({ attempt, phases }) => (
          <li>
            <div class="head">
              <strong>Attempt {attempt.number}</strong>
              {attempt.outcome === null ? (
                <Badge kind="active" text={attempt.status ?? 'being placed'} />
              ) : (
                <OutcomeBadge outcome={attempt.outcome} />
              )}
              <span class="quiet">
                placed <Moment at={attempt.placedAt} zone={zone} />
              </span>
            </div>
            <Bar phases={phases} longest={longest} />
            <span class="quiet">{phasesText(phases)}</span>
            {phases.skew.map((sentence) => (
              <p class="hint">{sentence}.</p>
            ))}
          </li>
        ))}
        {planned === null ? null : (
          <li>
            <div class="head">
              <strong>Attempt {rows.length + 1}</strong> <Badge kind="waiting" text="planned" />
              <span class="quiet">
                for <Moment at={planned} zone={zone} />
              </span>
            </div>
            <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
              <rect class="phase-planned" x={1} y={2} width={width - 2} height={height - 4} />
            </svg>
          </li>
        )}
      </ol>
      <ul class="legend">
        {[...phaseNames, 'planned'].map((name) => (
          <li>
            <svg viewBox="0 0 14 12" aria-hidden="true">
              <rect class={`phase-${name}`} x={1} y={1} width={12} height={10} />
            </svg>{' '}
            {name}
            {name === 'waited' ? ' (not to scale)' : ''}
          </li>
        ))}
      </ul>
    </>
  );
}

function Bar({ phases, longest }: { phases: AttemptPhases; longest: number }) {
  const scale = (width - waitWidth) / longest;
  let x = 0;
  const parts = phaseNames.map((name) => {
    const seconds = phases[name];
    const size = name === 'waited' ? Math.min(waitWidth, seconds * scale) : seconds * scale;
    const part = { name, x, size };
    x += size;
    return part;
  });
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={phasesText(phases)}
    >
      {parts
        .filter(({ size }) => size > 0)
        .map(({ name, x: at, size }) => (
          <rect
            class={`phase-${name}`}
            x={at.toFixed(1)}
            y={0}
            width={Math.max(3, size).toFixed(1)}
            height={height}
          />
        ))}
    </svg>
  );
}

function phasesText(phases: AttemptPhases): string {
  const parts = phaseNames
    .filter((name) => phases[name] >= 0.5)
    .map((name) => `${name} ${durationText(phases[name])}`);
  return parts.length === 0 ? 'less than a second' : parts.join(', ');
}
