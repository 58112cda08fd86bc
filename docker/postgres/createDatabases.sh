#!/bin/sh
# The PostgreSQL image runs this once, when its volume is empty. Temporal and ringtrue each own their databases, and
# neither can read those of the other.
set -eu

psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname=postgres \
  --set=temporal_password="$POSTGRES_TEMPORAL_PASSWORD" \
  --set=ringtrue_password="$POSTGRES_RINGTRUE_PASSWORD" <<'SQL'
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE ROLE ringtrue LOGIN PASSWORD :'ringtrue_password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
CREATE DATABASE ringtrue OWNER ringtrue;
REVOKE ALL ON DATABASE temporal, temporal_visibility, ringtrue FROM PUBLIC;
SQL
