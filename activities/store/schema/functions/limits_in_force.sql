-- The limits in force: what operators have set, otherwise what is configured. 0 means no limit, which is null
-- here.
create or replace function limits_in_force(configured jsonb, control dialing_control) returns jsonb
language sql immutable as $$
  select jsonb_build_object(
    'callsPerSecond', coalesce(control.calls_per_second, (configured ->> 'callsPerSecond')::float8),
    'callsInFlight', nullif(coalesce(control.calls_in_flight, (configured ->> 'callsInFlight')::integer), 0),
    'callsPerNumber', nullif(coalesce(control.calls_per_number, (configured ->> 'callsPerNumber')::integer), 0),
    'contacts', nullif(coalesce(control.contacts_per_number, (configured #>> '{contactsPerNumber,count}')::integer), 0),
    'contactsSeconds', coalesce(control.contacts_period_seconds,
      (configured #>> '{contactsPerNumber,seconds}')::integer, 86400))
$$;
