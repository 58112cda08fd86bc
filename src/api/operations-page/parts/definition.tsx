import type { Child } from 'hono/jsx';

/** A term with its definition, which is shown under the mouse and on focus. `id`: unique on the page. */
export function Definition({ id, term, children }: { id: string; term: Child; children?: Child }) {
  return (
    <span class="definition">
      <span class="term" tabindex={0} aria-describedby={`definition-${id}`}>
        {term}
      </span>
      <span role="tooltip" id={`definition-${id}`}>
        {children}
      </span>
    </span>
  );
}
