
CREATE FUNCTION sessionize.session_table_support(internal) RETURNS internal
    LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'session_table_support';

COMMENT ON FUNCTION sessionize.session_table_support(internal) IS 'planner support of session_table';

CREATE FUNCTION sessionize.session_table(
    source regclass,
    key text,
    ts text,
    gap interval DEFAULT '30 minutes',
    OUT key text,
    OUT session_number bigint,
    OUT started_at timestamptz,
    OUT ended_at timestamptz,
    OUT events bigint)
    RETURNS SETOF record
    LANGUAGE C STABLE PARALLEL RESTRICTED
    SUPPORT sessionize.session_table_support
    AS 'MODULE_PATHNAME', 'session_table';

COMMENT ON FUNCTION sessionize.session_table(regclass, text, text, interval) IS
    'the sessions of each key of a table, the key as text: one pass over it, in any order, without a sort';

CREATE FUNCTION sessionize.session_table(
    source regclass,
    key text,
    ts text,
    gap interval,
    key_type anyelement,
    OUT key anyelement,
    OUT session_number bigint,
    OUT started_at timestamptz,
    OUT ended_at timestamptz,
    OUT events bigint)
    RETURNS SETOF record
    LANGUAGE C STABLE PARALLEL RESTRICTED
    SUPPORT sessionize.session_table_support
    AS 'MODULE_PATHNAME', 'session_table';

COMMENT ON FUNCTION sessionize.session_table(regclass, text, text, interval, anyelement) IS
    'the sessions of each key of a table, the key in its own type: one pass over it, in any order, without a sort';
