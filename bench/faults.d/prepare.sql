-- prepare.sql: where the generator writes the stream, before any fault.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_sessionize;
CREATE SCHEMA sim;
CREATE TABLE sim.stream (
	event_id text, event_name text, user_id text, anonymous_id text, device_id text, occurred_at timestamptz,
	sent_at timestamptz, received_at timestamptz, source text, properties jsonb, context jsonb
);
