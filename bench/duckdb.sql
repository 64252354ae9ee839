-- duckdb.sql: the tables again, from the file :csv, and the functions of tables.sql in DuckDB's words.
SET timezone = 'UTC';
CREATE TABLE wide AS
SELECT * FROM read_csv(':csv', header = false, columns = {
    'raw_id': 'BIGINT', 'user_id': 'BIGINT', 'ts': 'TIMESTAMPTZ', 'event_id': 'UUID',
    'event_name': 'VARCHAR', 'page': 'VARCHAR', 'payload': 'VARCHAR'});
CREATE TABLE narrow AS SELECT user_id, ts FROM wide;
CREATE MACRO us(ts) AS epoch_us(ts);
CREATE MACRO digest(what) AS ('0x' || md5(what)[1:4])::BIGINT;
CHECKPOINT;
