-- What each event costs on its way into the star: COPY, refresh, small batches.
SET client_min_messages = warning;
SELECT event_columns() AS columns \gset
INSERT INTO raw.events (:columns) SELECT * FROM events(1, :history, :users);
INSERT INTO raw.plain (:columns) SELECT * FROM events(1, :history, :users);
VACUUM ANALYZE raw.events, raw.plain;
CHECKPOINT;
SELECT note_moment();
CALL sessionize.rebuild('web');
SELECT note_moment();
SELECT take_sample(:'wal', 'first build', :history);
VACUUM web.fact_session, web.fact_event, web.dim_user;

CHECKPOINT;
SELECT note_moment();
COPY raw.plain (:columns) FROM :'csv' (FORMAT csv);
SELECT note_moment();
SELECT take_sample(:'wal', 'COPY, no pipeline', :new);

CHECKPOINT;
SELECT note_moment();
COPY raw.events (:columns) FROM :'csv' (FORMAT csv);
SELECT note_moment();
SELECT take_sample(:'wal', 'COPY, captured', :new);

CHECKPOINT;
SELECT note_moment();
CALL sessionize.refresh('web');
SELECT note_moment();
SELECT take_sample(:'wal', 'refresh in one go', :new);

-- Small batches: the sample is of the refreshes alone.
VACUUM raw.events, web.fact_session, web.fact_event, web.dim_user;
CREATE TABLE small AS
SELECT row_number() OVER () - 1 AS n, e.*
FROM (SELECT * FROM events(:history + :new + 1, :history + :new + 4 * :batches * :batch::bigint, :users)) AS e
WHERE e.event_name = 'page_view' LIMIT :batches * :batch;
CREATE INDEX ON small (n);
CREATE TEMP TABLE part (cpu numeric, wal numeric);
CHECKPOINT;
SELECT format('INSERT INTO raw.events (%s) SELECT %1$s FROM small WHERE n >= %s AND n < %s', :'columns', low, low + :batch),
       'SELECT note_moment()',
       'CALL sessionize.refresh(''web'')',
       'SELECT note_moment()',
       'INSERT INTO part SELECT max(cpu) - min(cpu), max(lsn) - min(lsn) FROM (SELECT * FROM moment ORDER BY at DESC LIMIT 2) AS m'
FROM (SELECT b * :batch AS low FROM generate_series(0, :batches - 1) AS b) AS x ORDER BY low \gexec
INSERT INTO sample SELECT :'wal', format('refresh of %s batches of %s', :'batches', :'batch'), :batches * :batch, sum(cpu), sum(wal) FROM part;
DROP TABLE small;
DO $$
BEGIN
	ASSERT (SELECT pending = 0 AND difference = 0 FROM sessionize.reconcile('web')), 'the account does not close';
END $$;
