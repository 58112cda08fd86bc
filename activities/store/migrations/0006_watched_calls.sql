-- Somebody has asked the running call where it stands: it is told of its progress from then on.
alter table calls add column watched boolean not null default false;
