CREATE TABLE sessionize.fuse (
	pipeline_id  int PRIMARY KEY,
	enabled      boolean,
	changed_rows bigint,
	share        double precision,
	forgotten    bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE sessionize.fuse IS 'how many existing raw rows of a pipeline may change within an hour; NULL, and no row: what the view fuses says; written by set_fuse';
COMMENT ON COLUMN sessionize.fuse.forgotten IS 'how many rows the notes had that are no longer in changed_rows';
COMMENT ON COLUMN sessionize.fuse.pipeline_id IS 'no foreign key: pg_restore fills the tables of an extension in any order';

CREATE TABLE sessionize.fuse_hold (
	hold_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	pipeline_id  int NOT NULL,
	held_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
	since        timestamptz NOT NULL,
	changed_rows bigint NOT NULL,
	transactions bigint NOT NULL,
	limit_rows   bigint NOT NULL,
	incident_id  bigint,
	released_at  timestamptz,
	decision     text CHECK (decision IN ('apply', 'skip', 'rebuild')),
	released_by  name
);
CREATE UNIQUE INDEX fuse_hold_held ON sessionize.fuse_hold (pipeline_id) WHERE released_at IS NULL;
COMMENT ON TABLE sessionize.fuse_hold IS 'the bursts of changed raw rows that have held a pipeline; read through the view fuses';
COMMENT ON COLUMN sessionize.fuse_hold.since IS 'when the first of the transactions wrote its note';
COMMENT ON COLUMN sessionize.fuse_hold.incident_id IS 'written by the trigger that opens the incident: a row that pg_restore brings has one';
COMMENT ON COLUMN sessionize.fuse_hold.released_at IS 'NULL: the pipeline is held';

REVOKE ALL ON sessionize.fuse, sessionize.fuse_hold FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('sessionize.fuse', '');
SELECT pg_catalog.pg_extension_config_dump('sessionize.fuse_hold', 'WHERE released_at IS NULL');
SELECT pg_catalog.pg_extension_config_dump('sessionize.fuse_hold_hold_id_seq', '');

CREATE FUNCTION sessionize.fuse_changed() RETURNS trigger
AS 'MODULE_PATHNAME', 'sessionize_fuse_changed'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.fuse_changed() IS 'trigger on the table fuse_hold: opens and closes the incident';
REVOKE ALL ON FUNCTION sessionize.fuse_changed() FROM PUBLIC;

CREATE TRIGGER fuse_held AFTER INSERT ON sessionize.fuse_hold
FOR EACH ROW WHEN (NEW.incident_id IS NULL) EXECUTE FUNCTION sessionize.fuse_changed();
CREATE TRIGGER fuse_released AFTER UPDATE OF released_at ON sessionize.fuse_hold
FOR EACH ROW WHEN (NEW.released_at IS NOT NULL) EXECUTE FUNCTION sessionize.fuse_changed();
ALTER TABLE sessionize.fuse_hold ENABLE ALWAYS TRIGGER fuse_held;
ALTER TABLE sessionize.fuse_hold ENABLE ALWAYS TRIGGER fuse_released;

CREATE VIEW sessionize.fuse_level AS
SELECT p.pipeline_id, s.enabled, s.changed_rows, s.share,
       greatest(s.changed_rows, (s.share * l.kept_rows)::bigint) AS limit_rows,
       coalesce(f.forgotten, 0) + coalesce((
	       SELECT pg_catalog.sum(n.updated + n.deleted)::bigint FROM sessionize.changed_rows AS n WHERE n.pipeline_id = p.pipeline_id
       ), 0) AS changed_ever,
       coalesce(b.rows, 0)::bigint AS rows, b.transactions, b.since,
       -- nothing that is in the star can move where there is nothing
       s.enabled AND l.kept_rows > 0 AND b.rows > greatest(s.changed_rows, s.share * l.kept_rows) AS blows
FROM sessionize.pipeline AS p
JOIN sessionize.ledger AS l USING (pipeline_id)
LEFT JOIN sessionize.fuse AS f USING (pipeline_id)
CROSS JOIN LATERAL (
	SELECT coalesce(f.enabled, true) AS enabled, coalesce(f.changed_rows, 100000) AS changed_rows, coalesce(f.share, 0.1) AS share
) AS s
LEFT JOIN LATERAL (
	SELECT h.* FROM (
		SELECT pg_catalog.sum(n.updated + n.deleted) OVER hour AS rows, (pg_catalog.sum(n.transactions) OVER hour)::bigint AS transactions,
		       pg_catalog.min(n.noted_at) OVER hour AS since, n.noted_at
		FROM sessionize.changed_rows AS n
		WHERE n.pipeline_id = p.pipeline_id AND (n.newest < p.sealed_before) IS NOT TRUE
		WINDOW hour AS (ORDER BY n.noted_at RANGE BETWEEN interval '1 hour' PRECEDING AND CURRENT ROW)
	) AS h ORDER BY h.rows DESC, h.noted_at LIMIT 1
) AS b ON true;
COMMENT ON VIEW sessionize.fuse_level IS 'Internal. The hour in which most existing raw rows of a pipeline have changed, and how many may; read it through fuses';
REVOKE ALL ON sessionize.fuse_level FROM PUBLIC;

CREATE VIEW sessionize.fuses WITH (security_barrier) AS
SELECT p.pipeline_name,
       CASE WHEN h.hold_id IS NOT NULL THEN 'held' WHEN v.enabled THEN 'whole' ELSE 'off' END AS state,
       v.changed_rows, v.share, v.limit_rows,
       CASE WHEN h.hold_id IS NOT NULL THEN h.changed_rows ELSE v.rows END AS rows,
       CASE WHEN h.hold_id IS NOT NULL THEN h.transactions ELSE v.transactions END AS transactions,
       CASE WHEN h.hold_id IS NOT NULL THEN h.since ELSE v.since END AS since,
       h.held_at, b.released_at, b.decision, b.released_by, v.changed_ever
FROM sessionize.pipelines AS p
JOIN sessionize.pipeline AS c ON c.pipeline_name = p.pipeline_name
JOIN sessionize.fuse_level AS v ON v.pipeline_id = c.pipeline_id
LEFT JOIN sessionize.fuse_hold AS h ON h.pipeline_id = c.pipeline_id AND h.released_at IS NULL
LEFT JOIN LATERAL (
	SELECT r.* FROM sessionize.fuse_hold AS r
	WHERE r.pipeline_id = c.pipeline_id AND r.released_at IS NOT NULL ORDER BY r.hold_id DESC LIMIT 1
) AS b ON true;
COMMENT ON VIEW sessionize.fuses IS 'the fuse of each pipeline you see in pipelines: how many existing raw rows may change within an hour, how many have, and whether this holds the pipeline';
COMMENT ON COLUMN sessionize.fuses.changed_rows IS 'fewer rows never hold the pipeline';
COMMENT ON COLUMN sessionize.fuses.share IS 'nor does a smaller part of the raw rows that the star stands for';
COMMENT ON COLUMN sessionize.fuses.limit_rows IS 'the greater of the two, in rows';
COMMENT ON COLUMN sessionize.fuses.rows IS 'how many have changed, within the hour that has most; where the pipeline is held, how many that were when it was';
COMMENT ON COLUMN sessionize.fuses.released_at IS 'when the pipeline was last released, decision and released_by: how, and by whom';
COMMENT ON COLUMN sessionize.fuses.changed_ever IS 'how many have changed since the pipeline was created; it only grows';
GRANT SELECT ON sessionize.fuses TO PUBLIC;

CREATE FUNCTION sessionize.set_fuse(
	pipeline text, enabled boolean DEFAULT NULL, changed_rows bigint DEFAULT NULL, share double precision DEFAULT NULL
) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_set_fuse'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.set_fuse IS 'say how many existing raw rows may change within an hour before the pipeline is held; NULL leaves as it is';

CREATE FUNCTION sessionize.release_fuse(pipeline text, decision text DEFAULT 'apply') RETURNS bigint
AS 'MODULE_PATHNAME', 'sessionize_release_fuse'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.release_fuse IS 'have a pipeline that its fuse holds go on: apply the changes, or skip them, because they have been undone; returns how many rows had changed';
