-- tables.sql: what follows from the table wide, and what the cases use to compare answers.
\echo 'vacuuming, and making the tables narrow and indexed'
VACUUM (FREEZE, ANALYZE) wide;
CREATE TABLE narrow AS SELECT user_id, ts FROM wide ORDER BY raw_id;
VACUUM (FREEZE, ANALYZE) narrow;
CREATE TABLE indexed AS SELECT user_id, ts FROM narrow;
CREATE INDEX ON indexed (user_id, ts);
VACUUM (FREEZE, ANALYZE) indexed;

-- Microseconds since 1970, so that both databases can check their answers with the same text.
CREATE FUNCTION us(ts timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE
RETURN (extract(epoch FROM ts) * 1000000)::bigint;

-- A number that stands for a text, likewise.
CREATE FUNCTION digest(what text) RETURNS bigint LANGUAGE sql IMMUTABLE
RETURN (get_byte(decode(md5(what), 'hex'), 0) * 256 + get_byte(decode(md5(what), 'hex'), 1))::bigint;
