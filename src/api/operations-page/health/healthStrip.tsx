import type { View } from '../view/view.js';
import { type HealthItem, healthItems } from './healthItems.js';
import type { Health } from './healthReader.js';

const signs: Record<HealthItem['kind'], string> = { ok: '●', waiting: '◌', act: '▲' };
const spoken: Record<HealthItem['kind'], string> = {
  ok: '',
  waiting: 'Not as usual: ',
  act: 'Somebody must act: ',
};

/** How everything is, on every page. Red only if a person must act. */
export function HealthStrip({ view, health }: { view: View; health: Health }) {
  const items = healthItems(health, view.tools).filter(({ roles }) => view.may(roles));
  return (
    <section aria-label="Health" id="health" data-live>
      <ul class="health">
        {items.every(({ kind }) => kind === 'ok') ? (
          <li class="all-well" aria-hidden="true">
            {signs.ok} Everything as usual
          </li>
        ) : null}
        {items.map((item) => (
          <li class={item.kind}>
            <span aria-hidden="true">{signs[item.kind]}</span>{' '}
            <span class="visually-hidden">{spoken[item.kind]}</span>
            {item.path === undefined ? item.name : <a href={view.at(item.path)}>{item.name}</a>}{' '}
            <strong>{item.text}</strong>
            {item.hint === undefined ? null : (
              <span class={item.kind === 'ok' ? 'visually-hidden' : 'hint'}> {item.hint}</span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
