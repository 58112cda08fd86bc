import type { Child } from 'hono/jsx';

export interface Column {
  head: Child;
  /** `number`: right-aligned. `wide`: takes the space that is left. */
  kind?: 'number' | 'wide';
}

export interface Row {
  /** Identifies the row while the page is open. */
  key: string;
  cells: Child[];
}

/**
 * A list. While the page is open, known rows are updated where they are, and new ones wait behind a button.
 *
 * `id`: unique on the page. `things`: what the rows are, one and many, for the button: `call, calls`. `empty`: in place of the table.
 */
export function Table({
  id,
  caption,
  things,
  columns,
  rows,
  empty,
}: {
  id: string;
  caption: string;
  things: string;
  columns: Column[];
  rows: Row[];
  empty: Child;
}) {
  return (
    <div class="table" id={id} data-live data-rows={things}>
      {rows.length === 0 ? (
        <div class="empty">{empty}</div>
      ) : (
        <section class="scroll" tabindex={0} aria-label={caption}>
          <table>
            <caption>{caption}</caption>
            <thead>
              <tr>
                {columns.map(({ head, kind }) => (
                  <th scope="col" class={kind}>
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(({ key, cells }) => (
                <tr data-key={key}>
                  {cells.map((cell, index) => (
                    <td class={columns[index]?.kind} data-head={headText(columns[index])}>
                      {cell}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </div>
  );
}

/** For the narrow form of the table, in which each cell has its head beside it. */
function headText(column: Column | undefined): string | undefined {
  return typeof column?.head === 'string' ? column.head : undefined;
}

/** The link to the next page of a list. Most lists go from new to old. */
export function OlderLink({ to, text = 'Older' }: { to: string | null; text?: string }) {
  if (to === null) return null;
  return (
    <p class="pager">
      <a class="button" rel="next" href={to}>
        {text}
      </a>
    </p>
  );
}

/** Names and values. Those without a value are left out. */
export function Facts({ facts }: { facts: [name: Child, value: Child | null | undefined][] }) {
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value != null && value !== '' && value !== false)
        .map(([name, value]) => (
          <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
