-- Does an open circuit breaker hold placements to this number? It may be open for some countries only.
create or replace function is_held(control dialing_control, number text) returns boolean language sql stable as $$
  select control.breaker_opened_at is not null and (control.breaker_prefixes is null or exists (
    select from unnest(control.breaker_prefixes) as held (prefix) where starts_with(number, prefix)))
$$;
