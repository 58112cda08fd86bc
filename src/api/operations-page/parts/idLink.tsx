/** Ids of one batch differ at their end only. */
const endLength = 8;

/** A link whose text is an id. It is cut in its middle if there is not enough space. */
export function IdLink({ to, id }: { to: string; id: string }) {
  return (
    <a href={to} class="id sid" title={id} aria-label={id}>
      <span>{id.slice(0, -endLength)}</span>
      <span>{id.slice(-endLength)}</span>
    </a>
  );
}
