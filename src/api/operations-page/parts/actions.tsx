import type { Child } from 'hono/jsx';

/** A button that does something at once: `action` names it among the actions of the page. */
export function ActionButton({
  action,
  text,
  fields = {},
  children,
}: {
  action: string;
  text: string;
  fields?: Record<string, string>;
  children?: Child;
}) {
  return (
    <form method="post" class="action">
      <Hidden fields={fields} />
      {children}
      <button type="submit" name="action" value={action}>
        {text}
      </button>
    </form>
  );
}

/**
 * A button that first says what it will do, and then wants a second click: for what rings a phone, stops a call or
 * takes something away. Works without script.
 */
export function Confirm({
  action,
  text,
  question,
  yes,
  fields = {},
  children,
}: {
  action: string;
  /** On the first button: `Cancel call…` */
  text: string;
  question: Child;
  /** On the second button: `Cancel this call` */
  yes: string;
  fields?: Record<string, string>;
  /** Further fields of the form. */
  children?: Child;
}) {
  return (
    <details class="confirm">
      <summary>{text}</summary>
      <form method="post">
        <p>{question}</p>
        <Hidden fields={{ ...fields, confirmed: 'yes' }} />
        {children}
        <button type="submit" name="action" value={action} class="danger">
          {yes}
        </button>
      </form>
    </details>
  );
}

function Hidden({ fields }: { fields: Record<string, string> }) {
  return (
    <>
      {Object.entries(fields).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
    </>
  );
}
