import type { Child } from 'hono/jsx';

/** The filters of a list. They become the query of the address. */
export function FilterForm({ children, clear }: { children?: Child; clear: string | null }) {
  return (
    <search>
      <form class="filter" method="get">
        {children}
        <button type="submit">Show</button>
        {clear === null ? null : <a href={clear}>Show all</a>}
      </form>
    </search>
  );
}

interface Field {
  name: string;
  label: string;
  value?: string | undefined;
}

export function TextField({
  name,
  label,
  value,
  hint,
  ...attributes
}: Field & {
  hint?: string;
  type?: 'text' | 'search' | 'number' | 'password';
  required?: boolean;
  placeholder?: string;
  step?: string;
}) {
  return (
    <div class="field">
      <label for={`field-${name}`}>{label}</label>
      <input
        id={`field-${name}`}
        name={name}
        value={value ?? ''}
        autocomplete="off"
        {...(hint ? { 'aria-describedby': `hint-${name}` } : {})}
        {...attributes}
      />
      {hint ? (
        <small id={`hint-${name}`} class="hint">
          {hint}
        </small>
      ) : null}
    </div>
  );
}

/** `any`: what the choice of nothing is called. */
export function SelectField({
  name,
  label,
  value,
  options,
  any,
}: Field & { options: readonly string[]; any?: string }) {
  return (
    <div class="field">
      <label for={`field-${name}`}>{label}</label>
      <select id={`field-${name}`} name={name}>
        {any === undefined ? null : <option value="">{any}</option>}
        {options.map((option) => (
          <option value={option} selected={option === value}>
            {option}
          </option>
        ))}
      </select>
    </div>
  );
}
