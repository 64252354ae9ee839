-- complain if the script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION pg_sessionize" to load this file. \quit

COMMENT ON SCHEMA sessionize IS 'pg_sessionize: sessions, deduplicated events and a star schema from a raw events table';

GRANT USAGE ON SCHEMA sessionize TO PUBLIC;
