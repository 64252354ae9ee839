CREATE TABLE sessionize.run (
	run_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	pipeline_id     int NOT NULL REFERENCES sessionize.pipeline ON DELETE CASCADE,
	kind            text NOT NULL DEFAULT 'rebuild' CHECK (kind IN ('rebuild', 'refresh')),
	state           text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'interrupted', 'failed')),
	started_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
	resumed_at      timestamptz,
	ended_at        timestamptz,
	pid             int NOT NULL,
	progress_handle bigint NOT NULL,
	definition      text NOT NULL,
	pieces          int,
	raw_rows        bigint,
	events          bigint,
	duplicates      bigint,
	conflicts       bigint,
	quarantined     bigint,
	filtered        bigint,
	warned          bigint,
	corrected       bigint,
	clamped         bigint,
	sessions        bigint,
	keys            bigint,
	rows_inserted   bigint,
	rows_updated    bigint,
	rows_deleted    bigint,
	error           text,
	newest_first    boolean NOT NULL DEFAULT false
);
CREATE INDEX run_pipeline ON sessionize.run (pipeline_id, kind, run_id);
COMMENT ON TABLE sessionize.run IS 'one row for each rebuild and each transaction of a refresh, the last 1000 of both of each pipeline; history of this database, not dumped; read through the view runs';
COMMENT ON COLUMN sessionize.run.newest_first IS 'a rebuild in the order of the keys'' last events: what is left to do is in the pipeline''s table backfill';
COMMENT ON COLUMN sessionize.run.definition IS 'digest of the rules and the mapping it ran with: only a rebuild with the same ones resumes it';

CREATE TABLE sessionize.rebuild_piece (
	run_id        bigint NOT NULL REFERENCES sessionize.run ON DELETE CASCADE,
	piece         int NOT NULL,
	digest        bigint NOT NULL,
	digest2       bigint NOT NULL,
	kept_rows     bigint NOT NULL,
	events        bigint NOT NULL,
	duplicates    bigint NOT NULL,
	conflicts     bigint NOT NULL,
	corrected     bigint NOT NULL,
	clamped       bigint NOT NULL,
	sessions      bigint NOT NULL,
	keys          bigint NOT NULL,
	rows_inserted bigint NOT NULL,
	rows_updated  bigint NOT NULL,
	rows_deleted  bigint NOT NULL,
	done_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
	PRIMARY KEY (run_id, piece)
);
COMMENT ON TABLE sessionize.rebuild_piece IS 'the finished pieces of a rebuild that has not finished; digest and digest2 tell whether their raw rows have changed since';

CREATE TABLE sessionize.ledger (
	pipeline_id      int PRIMARY KEY,
	kept_rows        bigint NOT NULL DEFAULT 0,
	quarantined_rows bigint NOT NULL DEFAULT 0,
	late_rows        bigint NOT NULL DEFAULT 0,
	built            boolean NOT NULL DEFAULT false,
	unbuilt_since    timestamptz,
	outdated         boolean NOT NULL DEFAULT false,
	filling          boolean NOT NULL DEFAULT false,
	updated_at       timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN sessionize.ledger.pipeline_id IS 'no foreign key: pg_restore fills the tables of an extension in any order';
COMMENT ON TABLE sessionize.ledger IS 'how many rows, raw or sealed, each pipeline''s star stands for, as counted when they were read; reconcile() compares it with the star';

REVOKE ALL ON sessionize.run, sessionize.rebuild_piece, sessionize.ledger FROM PUBLIC;
COMMENT ON COLUMN sessionize.ledger.built IS 'a rebuild has finished since the pipeline was made or its rules changed: from then on refreshes keep the star';
COMMENT ON COLUMN sessionize.ledger.unbuilt_since IS 'where a star that was built is not any more: since when it lacks something that only a rebuild brings; NULL: since the pipeline was made';
COMMENT ON COLUMN sessionize.ledger.outdated IS 'the star''s rows were made by other rules than the pipeline has now: none of them counts until a rebuild has finished';
COMMENT ON COLUMN sessionize.ledger.filling IS 'the other rules are those of measures and dimensions only: events and sessions are as they were, so refreshes go on session by session while a rebuild fills the columns';

SELECT pg_catalog.pg_extension_config_dump('sessionize.ledger', '');

CREATE VIEW sessionize.runs_here WITH (security_barrier) AS
SELECT r.run_id, p.pipeline_name, r.kind,
       CASE WHEN r.state = 'running' AND l.pid IS NULL THEN 'interrupted' ELSE r.state END AS state,
       r.started_at, r.resumed_at, r.ended_at, r.pid, r.pieces, d.*, r.error
FROM sessionize.run AS r
JOIN sessionize.pipeline AS c ON c.pipeline_id = r.pipeline_id
JOIN sessionize.pipelines AS p ON p.pipeline_name = c.pipeline_name
CROSS JOIN LATERAL (
	-- a rebuild that has not finished has its counters in the pieces that are done
	SELECT coalesce(nullif(pg_catalog.count(*), 0)::int, CASE WHEN r.state = 'done' THEN r.pieces END, 0) AS pieces_done,
	       r.raw_rows,
	       coalesce(r.events, pg_catalog.sum(b.events)::bigint) AS events,
	       coalesce(r.duplicates, pg_catalog.sum(b.duplicates)::bigint) AS duplicates,
	       coalesce(r.conflicts, pg_catalog.sum(b.conflicts)::bigint) AS conflicts,
	       r.quarantined,
	       r.filtered,
	       r.warned,
	       coalesce(r.corrected, pg_catalog.sum(b.corrected)::bigint) AS corrected,
	       coalesce(r.clamped, pg_catalog.sum(b.clamped)::bigint) AS clamped,
	       coalesce(r.sessions, pg_catalog.sum(b.sessions)::bigint) AS sessions,
	       coalesce(r.keys, pg_catalog.sum(b.keys)::bigint) AS keys,
	       coalesce(r.rows_inserted, pg_catalog.sum(b.rows_inserted)::bigint) AS rows_inserted,
	       coalesce(r.rows_updated, pg_catalog.sum(b.rows_updated)::bigint) AS rows_updated,
	       coalesce(r.rows_deleted, pg_catalog.sum(b.rows_deleted)::bigint) AS rows_deleted
	FROM sessionize.rebuild_piece AS b WHERE b.run_id = r.run_id
) AS d
LEFT JOIN pg_catalog.pg_locks AS l
	ON l.locktype = 'advisory' AND l.granted AND l.pid = r.pid AND l.classid = r.pipeline_id::oid
	AND l.objid = 0 AND l.objsubid = 21338 AND l.mode = 'ShareUpdateExclusiveLock'
	AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database());
COMMENT ON VIEW sessionize.runs_here IS 'the rows of the view runs that are about pipelines on this server: all but those of distributed pipelines';
GRANT SELECT ON sessionize.runs_here TO PUBLIC;

CREATE VIEW sessionize.runs WITH (security_barrier) AS
TABLE sessionize.runs_here
UNION ALL
SELECT r.* FROM sessionize.shard_rows('SELECT pg_catalog.jsonb_agg(r) FROM sessionize.runs_here AS r WHERE r.pipeline_name = %1$L') AS d (run),
       pg_catalog.jsonb_populate_record(NULL::sessionize.runs_here, d.run) AS r;
COMMENT ON VIEW sessionize.runs IS 'the rebuilds and refreshes of the pipelines you see in pipelines; one that was running when its session ended is interrupted; on a coordinator, those of the shards of distributed pipelines as well, each by the name of the shard''s pipeline';
GRANT SELECT ON sessionize.runs TO PUBLIC;

CREATE FUNCTION sessionize.rebuild_counters(
	run_id bigint, handle bigint,
	OUT phase text, OUT state text, OUT rows_read bigint, OUT rows_estimated bigint, OUT pieces_total bigint,
	OUT pieces_done bigint, OUT events bigint, OUT sessions bigint, OUT done_after timestamptz
)
AS 'MODULE_PATHNAME', 'sessionize_rebuild_counters'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION sessionize.rebuild_counters IS 'the live counters of a rebuild, NULL when they are gone; read them through rebuild_progress';

CREATE VIEW sessionize.rebuild_progress WITH (security_barrier) AS
SELECT r.pid, r.pipeline_name, r.run_id, c.phase, c.state, c.rows_read, c.rows_estimated,
       coalesce(c.pieces_total, r.pieces) AS pieces_total,
       coalesce(c.pieces_done, r.pieces_done) AS pieces_done,
       coalesce(c.events, r.events) AS events,
       coalesce(c.sessions, r.sessions) AS sessions,
       r.started_at, i.newest_first, c.done_after
FROM sessionize.runs_here AS r
JOIN sessionize.run AS i ON i.run_id = r.run_id,
LATERAL sessionize.rebuild_counters(r.run_id, i.progress_handle) AS c
WHERE i.run_id = (SELECT pg_catalog.max(l.run_id) FROM sessionize.run AS l WHERE l.pipeline_id = i.pipeline_id AND l.kind = 'rebuild')
  -- one that has finished may still be gathering statistics
  AND (r.state = 'running' OR c.phase = 'analyzing');
COMMENT ON VIEW sessionize.rebuild_progress IS 'the rebuilds that run now, and how far they are';
COMMENT ON COLUMN sessionize.rebuild_progress.state IS 'working; resting, as the throttle says; or waiting, for refreshes at work or a lock that another session has';
COMMENT ON COLUMN sessionize.rebuild_progress.done_after IS 'newest first: the session keys whose last event is later are done';
GRANT SELECT ON sessionize.rebuild_progress TO PUBLIC;
