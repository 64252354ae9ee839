-- load.sql: newline-delimited JSON, already in raw.line, into raw.events with the columns a pipeline needs.
--
--     psql -v key=user -v time=time -v page=page -v id= -v event= -f load.sql
--
-- Each variable is a top-level key of the documents, or a dotted path (context.page.path); empty for
-- none. No line is dropped: one that is no JSON object, or has no key or time, is a raw row whose
-- problem says why, and ends in the pipeline's quarantine.

\set ON_ERROR_STOP on
SET TimeZone = 'UTC';
SET client_min_messages = warning;

CREATE FUNCTION pg_temp.parse(line text, OUT doc jsonb, OUT problem text)
    LANGUAGE plpgsql AS $$
BEGIN
    doc := line::jsonb;
    IF jsonb_typeof(doc) <> 'object' THEN
        problem := 'not a JSON object';
    END IF;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    problem := 'not JSON: ' || SQLERRM;
END $$;

-- What lies at a key or, if there is no such key, at a dotted path.
CREATE FUNCTION pg_temp.dig(doc jsonb, path text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT
    RETURN CASE WHEN jsonb_typeof(doc) = 'object' AND doc ? path THEN doc ->> path
                ELSE doc #>> string_to_array(path, '.') END;

-- ISO 8601 (UTC where it names no zone), or a number since 1970: seconds, or milli-, micro-, nanoseconds
-- as its size tells. Anything else is NULL.
CREATE FUNCTION pg_temp.to_time(value text) RETURNS timestamptz
    LANGUAGE plpgsql STRICT AS $$
DECLARE
    n numeric;
BEGIN
    IF value ~ '^\s*[+-]?\d{4,6}-\d\d-\d\d' THEN
        RETURN value::timestamptz;
    ELSIF value !~ '^\s*[+-]?\d+(\.\d+)?\s*$' THEN
        RETURN NULL;
    END IF;
    n := value::numeric;
    n := round(CASE WHEN abs(n) < 1e11 THEN n * 1000000
                    WHEN abs(n) < 1e14 THEN n * 1000
                    WHEN abs(n) < 1e17 THEN n
                    ELSE n / 1000 END);
    RETURN timestamptz 'epoch' + div(n, 1000000)::bigint * interval '1 second'
           + mod(n, 1000000)::int * interval '1 microsecond';
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END $$;

CREATE TABLE raw.events (
    line_no bigint PRIMARY KEY,
    key text COLLATE "C",
    occurred_at timestamptz,
    event_id text COLLATE "C",
    event_name text COLLATE "C",
    page text COLLATE "C",
    doc jsonb,
    line text,      -- the line itself where it is no JSON
    problem text
);

INSERT INTO raw.events
SELECT line_no, key, occurred_at, pg_temp.dig(doc, nullif(:'id', '')), pg_temp.dig(doc, nullif(:'event', '')),
       pg_temp.dig(doc, nullif(:'page', '')), doc, CASE WHEN doc IS NULL THEN line.line END,
       CASE WHEN parsed.problem IS NOT NULL THEN parsed.problem
            WHEN key IS NULL THEN format('no %s', :'key')
            WHEN time IS NULL THEN format('no %s', :'time')
            WHEN occurred_at IS NULL THEN format('%s is not a time: %s', :'time', left(time, 40)) END
FROM raw.line,
     LATERAL (SELECT p.doc, coalesce(line.problem, p.problem) AS problem FROM pg_temp.parse(line.line) AS p) AS parsed,
     LATERAL (SELECT pg_temp.dig(doc, :'key') AS key, pg_temp.dig(doc, :'time') AS time) AS found,
     LATERAL (SELECT pg_temp.to_time(time) AS occurred_at) AS at
ORDER BY line_no;

CREATE INDEX ON raw.events (key, occurred_at, event_id);
ANALYZE raw.events;

-- A name that no document has is a mistake, not a file full of quarantined rows.
CREATE FUNCTION pg_temp.require(variable text, path text) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    IF path = '' OR EXISTS (SELECT FROM raw.events WHERE pg_temp.dig(doc, path) IS NOT NULL) THEN
        RETURN;
    END IF;
    RAISE EXCEPTION 'no line of the file has "%" (%=%)', path, variable, path
        USING HINT = coalesce((SELECT format('The keys of line %s: %s', line_no, (SELECT string_agg(k, ', ') FROM jsonb_object_keys(doc) AS k))
                               FROM raw.events WHERE jsonb_typeof(doc) = 'object' ORDER BY line_no LIMIT 1),
                              'No line of the file is a JSON object.');
END $$;

CREATE FUNCTION pg_temp.require_times(path text) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM raw.events WHERE occurred_at IS NOT NULL) THEN
        RAISE EXCEPTION '"%" is no time in any line (TIME=%)', path, path
            USING HINT = format('ISO 8601 and numbers since 1970 are understood. The first in the file: %s',
                                (SELECT left(pg_temp.dig(doc, path), 60) FROM raw.events
                                 WHERE pg_temp.dig(doc, path) IS NOT NULL ORDER BY line_no LIMIT 1));
    END IF;
END $$;

SELECT pg_temp.require('KEY', :'key'), pg_temp.require('TIME', :'time'), pg_temp.require('PAGE', :'page'),
       pg_temp.require('ID', :'id'), pg_temp.require('EVENT', :'event'), pg_temp.require_times(:'time') \g /dev/null

DROP TABLE raw.line;
