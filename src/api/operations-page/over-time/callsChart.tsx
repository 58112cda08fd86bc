import type { StatisticsReport } from '../../statistics/statisticsReport.js';
import { textOfMoment } from '../parts/moment.js';

const width = 960;
const height = 160;
/** Bars stay narrow when there are few of them. */
const widestBar = 40;

/** Calls by the hour or day of their request: answered by a person, answered, and all others, on top of each other. */
export function CallsChart({ points, zone }: { points: StatisticsReport['points']; zone: string }) {
  const { values, bucketSeconds } = points;
  const most = Math.max(...values.map(({ calls }) => calls), 1);
  const first = Date.parse(values[0]?.at ?? '');
  const last = Date.parse(values.at(-1)?.at ?? '');
  const count = Math.max(1, Math.round((last - first) / 1000 / bucketSeconds) + 1);
  const slot = Math.min(width / count, widestBar);
  const unit = bucketSeconds === 3600 ? 'hour' : 'day';
  const total = values.reduce((sum, { calls }) => sum + calls, 0);
  return (
    <figure class="chart">
      <svg
        preserveAspectRatio="none"
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`${total} calls with an outcome by ${unit}; at most ${most} in one ${unit}`}
      >
        {values.map(({ at, calls, answered, human }) => {
          const x = ((Date.parse(at) - first) / 1000 / bucketSeconds) * slot;
          const heightOf = (number: number) => (number / most) * height;
          const bar = (from: number, number: number, kind: string) => (
            <rect
              x={x.toFixed(1)}
              y={(height - heightOf(from + number)).toFixed(1)}
              width={Math.max(slot - 1, 0.5).toFixed(1)}
              height={heightOf(number).toFixed(1)}
              class={kind}
            />
          );
          return (
            <g>
              <title>
                {`${textOfMoment(at, zone)}: ${calls} calls, ${answered} answered, ${human} by a person`}
              </title>
              {bar(0, human, 'chart-human')}
              {bar(human, answered - human, 'chart-answered')}
              {bar(answered, calls - answered, 'chart-others')}
            </g>
          );
        })}
      </svg>
      <figcaption>
        Calls by {unit}: <span class="key chart-human" aria-hidden="true" /> answered by a person,{' '}
        <span class="key chart-answered" aria-hidden="true" /> answered otherwise,{' '}
        <span class="key chart-others" aria-hidden="true" /> not answered. The highest bar: {most}.
      </figcaption>
    </figure>
  );
}
