-- A raw table, and the star's tables, with columns of every name that our own SQL uses: aliases,
-- keywords, functions, tables. None of them may be met where something of ours is meant. What comes
-- out is compared with a pipeline over a table that has no such columns.
SET client_min_messages = warning;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
CREATE SCHEMA szcn;
-- 000_packaging.pl tells when a word of the SQL in the sources is missing here
CREATE TABLE szcn.names AS
SELECT row_number() OVER (ORDER BY w) AS n, w AS name FROM regexp_split_to_table('
_bare _live a account acl aclexplode add add_dimension add_measure added_pairs address_names adrelid
again all alter alter_pipeline alter_pipeline_owner always and anonymous_id any argument array
array_agg as at attach attach_source attacl attname attrelid attribute attributes b backfill
backfill_key backfill_piece before between bigint blocks bool_and boolean built by c calendar_date
calendar_day call cap capture captured captured_table cardinality cascade case changed_pairs
changed_ranges channel_group chosen_windows claimed_keys claimed_windows class classid
clock_timestamp coalesce collate column column_name condition conflict conflicts conname conrelid
constraint convert_to copies_until count create create_events_table create_pipeline cron cron_job
cross current_user d database date date_key day day_name day_of_week decode deduplicate_items
default default_transaction_isolation definition delete dense_rank deptype derived derived_keys
derived_users desc detail digest digest2 dim_date dim_event dim_page dim_user dim_user_pkey
dim_user_session_key_valid_from_key dimension dimension_attribute dimensions dirty dirty_begin
dirty_log distinct distinct_pages div do domain drop drop_dimension drop_pipeline duplicates
duration e else enable_capture enable_identity end ended_at ended_by entry entry_page entry_page_key
epoch error errors ev_class event_id event_key event_name event_time events every exclude excluded
excluding exists exit_page exit_page_key expires_at expression expressions extension extract f
fact_event fact_event_key fact_session fact_session_copies fact_session_key fact_session_pkey
fact_session_shifted failures false fillfactor filter filtered first first_value for format
found_since found_until from full full_since function g gap generated gives go grant granted grantee
greatest group has hash hashtextextended have having here hi i identities identity in including
index indexrelid indrelid inhdetachpending inherit inhparent inhrelid insert int int4 interval into
is is_bounce is_current is_excluded is_grantable is_ignored is_temporary is_there is_weekend
isfinite iso_year it j job jobid join joined_users joining_keys json jsonb_array_elements
jsonb_build_object jsonb_each jsonb_object_agg jsonb_strip_nulls jsonb_typeof judged_keys
judged_users k kept_rows key key_differences key_is keys kind l lag lane large_key last_at
last_failed_at late late_key late_rows lateral lead least leave ledger left less_links less_users
like limit link_differences live_ live_events live_sessions lo loaded_at locked locktype logged
logged_at m made_in make makes mark_dirty materialized max max_duration max_events max_keys_per_user
max_lead max_members max_parallel_workers_per_gather max_users_per_key md5 measure measures member
members mended merge_definitions midnight midnight_expression min mode month month_name more_keys
more_links more_users move moved n name named_users ndistinct near_keys near_users need need_id
needs new new_session_id newest_first next_at no not not_captured noted_at noted_by nothing now
nspname null nullif num_nonnulls number numeric o object object_identity object_type objid objsubid
occurred_at of of_events off offset oid old old_session_id oldest on on_commit once one only
operator oprcode oprowner or order ordinality other_hash other_id other_keys other_users out
outdated outlives over overriding owned owner p page page_key page_view page_views part partition
paused pending person_id person_key person_link person_user persons pg_attrdef pg_attribute
pg_catalog pg_class pg_constraint pg_cron pg_depend pg_describe_object pg_event_trigger_ddl_commands
pg_event_trigger_dropped_objects pg_index pg_inherits pg_locks pg_namespace pg_operator pg_policy
pg_prepared_xacts pg_proc pg_rewrite pg_roles pg_sessionize pg_snapshot pg_stat_activity
pg_statistic_ext pg_trigger pg_type pg_visible_in_snapshot pick pid piece pieces pipeline
pipeline_gap pipeline_id pipeline_name place polrelid prepared preset preset_document primary
privilege_type progress_handle proowner q quarantine quarantine_id quarantine_key
quarantine_without_key quarantined quarantined_rows quarter r raw raw_ctid raw_id raw_keys raw_rows
raw_table read read_since read_until reason rebuild rebuild_need rebuild_piece received_at record
recursive refclassid referring_site refobjid refresh refreshed regclass regprocedure regrole relacl
relation relfilenode relid relname relnamespace relowner removed_pairs removes rename replace
replica restored_at restored_blocks resume resumed_at retry_at returning role rolname rolsuper row
row_at row_number row_trigger row_xmin rows rows_added rows_deleted rows_removed rows_updated rtrim
run run_error run_errors run_id s s_bare s_live same_start schedule schedule_failure scheduler
schedules schema sealed sealed_before sealed_beyond sealed_key seen_before select session
session_alias session_alias_key session_alias_old session_id session_key session_started_at
sessionize sessions set shifted since single skew_threshold skip smallint sonly source source_name
source_view sqlstate sselect stale star_pairs start started_at started_by state statistics
string_agg strpos stxrelid substring such sum system t table take takes text tgargs tgenabled tgfoid
tgrelid that the them then tid time time_zone time_zone_expression timestamptz to to_jsonb too
too_old touched_keys touched_users transaction transactionid tries trigger true ts type typowner u
unbounded unbuilt_since union unique unlogged unnest unschedule until update updated_at usage use
user user_differences user_excluded user_hash user_id user_is user_key user_link using uuid v
valid_from valid_to value values via view virtualtransaction visible w was_hash was_id was_ignored
was_key was_person was_there week weight what when where window with write wrong x xact_start xid
xid8 y year zone
about abs active affected all_events alter_contract an are attach_distributed attempts attisdropped
attnum atttypid autovacuum_vacuum_scale_factor blows body bool_or by_columns call_shards calls
changed_rows changes check_by check_kind check_name check_no_orphans check_pages check_result
check_schema check_state checks clamped closed_at closes_after compatibility concat concerns
constraints contact contract contract_document contract_reference contract_rule contract_version
contracts copies copies_kept corrected counted create_contract create_rollup current_setting
data_check date_trunc decimals decision decoded defaults deleted delivered_at deliveries
deprecated_at description discarded distributed_pipeline distributed_pipelines document documents
dropped_until due enable_event_counts enabled erased erased_at erasures event events_live
events_table except existing expected export export_erasure export_name export_note export_status
exported_at exports failed failed_at failed_since failing fence filled_at filling float8
follow_shards forgotten fuse fuse_hold fuse_level fuses generate_series given gone grace grain
groupid grouping h has_properties has_source hashtext headers health_query help history hold_id
holds hour id ids if immediate incident incident_check incident_checks incident_event
incident_events incident_forgotten incident_id incident_notice incidents infer_schema ingest_gap
ingest_position ingest_rejected int8 intended intended_at intended_notes is_missing is_read item
joined_at jsonb jsonb_agg jsonb_build_array jsonb_each_text jsonb_object_keys jsonb_path_query_first
jsonb_to_record jsonb_to_recordset keep keep_shard_call kept keyword labels length level limit_rows
lineage lines list live_rollup local location longest lower made mean_duration meant message metric
metric_name metric_query missing naming_rule newest note_id noted notes notice notice_id nulls
octet_length opened_at opens_after other own pages parameters parts path payload period
pg_dist_local_group pg_get_serial_sequence pg_has_role pg_notify pg_relation_size plan planning
position positions preview_pipeline previews producer properties property_statistics protocol put
quarantine_rule query query_name quiet quiet_from quiet_until quiet_zone raw_column raw_row
recovered_at reference referred refers_to regexp_replace regtype rejected_at rejected_id
release_fuse released_at released_by relkind remember rest results rollup rollups round rule rules
sample schema_path schemas sd seen sets severity share snapshot_at states status store_events stored
subject subjects successes summary summed supersedes sz_row sz_weight tables tablesample they
timeout to_json to_regclass token took transactions translate undo unit unnamed_properties unplanned
updated upper uses_counts validate version version_rule violations wanted warned webhook
webhook_name webhook_position were within z
',
'\s+') AS w WHERE w <> '';
CREATE TYPE szcn.pair AS (k text, r int);
-- a column of every name a table does not have, of one of several types
CREATE FUNCTION szcn.add_columns(target regclass) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	list text;
	columns bigint;
BEGIN
	SELECT string_agg(format('ADD COLUMN %I %s', n.name,
	       (ARRAY['text', 'int', 'jsonb', 'timestamptz', 'szcn.pair', 'boolean', 'text[]'])[1 + n.n % 7]),
	       ', '), count(*) INTO list, columns
	FROM szcn.names AS n WHERE NOT EXISTS (SELECT FROM pg_attribute AS a
	                                       WHERE a.attrelid = target AND a.attname = n.name);
	EXECUTE format('ALTER TABLE %s %s', target, list);
	RETURN columns;
END $$;
-- values for them, in each row for every second one: a row has to fit into a page
CREATE FUNCTION szcn.fill(target regclass, condition text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	list text;
BEGIN
	SELECT string_agg(format('%I = CASE (ctid::text::point)[1]::int %% 2 WHEN %s THEN %s::%s END',
		a.attname, n.n % 2, CASE format_type(a.atttypid, -1)
		WHEN 'text' THEN '''x''' WHEN 'integer' THEN '1' WHEN 'jsonb' THEN '''{"r": 1}'''
		WHEN 'timestamp with time zone' THEN '''2001-01-01''' WHEN 'boolean' THEN 'false'
		WHEN 'szcn.pair' THEN 'ROW(''x'', 1)' ELSE '''{x}''' END,
		format_type(a.atttypid, -1)), ', ') INTO list
	FROM pg_attribute AS a JOIN szcn.names AS n ON n.name = a.attname
	WHERE a.attrelid = target AND col_description(target, a.attnum) IS DISTINCT FROM 'ours';
	EXECUTE format('UPDATE %s SET %s WHERE %s', target, list, condition);
END $$;
-- those that are there before are not to be filled
CREATE FUNCTION szcn.keep_columns(target regclass) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	name name;
	n bigint := 0;
BEGIN
	FOR name IN SELECT a.attname FROM pg_attribute AS a
	            WHERE a.attrelid = target AND a.attnum > 0 AND NOT a.attisdropped LOOP
		EXECUTE format('COMMENT ON COLUMN %s.%I IS ''ours''', target, name);
		n := n + 1;
	END LOOP;
	RETURN n;
END $$;

-- the mapped columns have the names of our aliases
CREATE TABLE szcn.raw (r text PRIMARY KEY, k text, f text, t timestamptz, c text, s text,
	d boolean);
CREATE INDEX ON szcn.raw (k, t, f);
SELECT szcn.keep_columns('szcn.raw'), szcn.add_columns('szcn.raw') > 300 AS has_them;
CREATE TABLE szcn.plain (id text PRIMARY KEY, who text, event text, at timestamptz, url text,
	account text, flag boolean);
CREATE INDEX ON szcn.plain (who, at, event);
CREATE TABLE szcn.expressions (LIKE szcn.raw INCLUDING ALL);
CREATE INDEX ON szcn.expressions ((lower(k) || ''), t, f);
SELECT sessionize.create_pipeline('szcn_web', 'szcn.raw', key => 'k', event_time => 't',
	event_id => 'f', raw_id => 'r', page => 'c', user_id => 's', restart => 'd', event_name => '',
	restart_on_change => 's', page_view => 'c IS NOT NULL', received_at => '', sent_at => '');
SELECT sessionize.create_pipeline('szcn_plain', 'szcn.plain', key => 'who', event_time => 'at',
	event_id => 'event', raw_id => 'id', page => 'url', user_id => 'account', restart => 'flag',
	restart_on_change => 'account', page_view => 'url IS NOT NULL');
-- expressions, one of which fails on some rows
SELECT sessionize.create_pipeline('szcn_expr', 'szcn.expressions', key => 'lower(k) || ''''',
	event_time => 't', event_id => 'f', raw_id => 'r', user_id => 's', restart => 'd',
	restart_on_change => 's || ''''', page => 'c || left((1 / length(c))::text, 0)', event_name => '', page_view => 'c IS NOT NULL',
	received_at => '', sent_at => '');
-- a raw table without an id: its digest is one of all columns
SELECT sessionize.create_pipeline('szcn_digest', 'szcn.raw', key => 'k', event_time => 't',
	event_id => 'f', raw_id => '', page => 'c', user_id => 's', restart => 'd', event_name => '',
	restart_on_change => 's', page_view => 'c IS NOT NULL', received_at => '', sent_at => '');
-- persons
SELECT sessionize.enable_identity('szcn_web', 2, 6), sessionize.enable_identity('szcn_expr', 2, 6),
       sessionize.enable_identity('szcn_plain', 2, 6);
SELECT bool_and(szcn.keep_columns(c.oid) > 0 AND szcn.add_columns(c.oid) > 250) AS have_them
FROM pg_class AS c WHERE c.relkind = 'r' AND c.relnamespace = 'szcn_web'::regnamespace;

-- what a rebuild says of a table that is being vacuumed is not of interest here
DO $$
DECLARE
	r regclass;
BEGIN
	FOR r IN SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS s ON s.oid = c.relnamespace
	         WHERE c.relkind = 'r' AND s.nspname LIKE 'szcn%' LOOP
		EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = false)', r);
	END LOOP;
END $$;
CREATE PROCEDURE szcn.add(first int, last int, seed int) LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO szcn.plain
	SELECT 'r' || n, CASE WHEN n % 31 > 0 THEN 'v' || (n * seed) % 11 END, 'e' || (n * seed) % 90,
	       CASE WHEN n % 37 = 0 THEN 'infinity'
	            ELSE '2026-01-01'::timestamptz + (n * seed * 7919 % 9000) * interval '1 minute' END,
	       CASE WHEN n % 5 > 0 THEN '/' || n % 7 END, CASE WHEN n % 9 = 0 THEN 'u' || n % 3 END,
	       n % 41 = 0
	FROM generate_series(first, last) AS n;
	INSERT INTO szcn.raw (r, k, f, t, c, s, d) SELECT p.* FROM szcn.plain AS p
	WHERE NOT EXISTS (SELECT FROM szcn.raw AS o WHERE o.r = p.id);
	PERFORM szcn.fill('szcn.raw', format('substr(r, 2)::int BETWEEN %s AND %s
		AND substr(r, 2)::int %% 2 = 0', first, last));
	INSERT INTO szcn.expressions SELECT o.* FROM szcn.raw AS o
	WHERE NOT EXISTS (SELECT FROM szcn.expressions AS e WHERE e.r = o.r);
	COMMIT;
END $$;
-- what two stars have, compared both ways; session ids differ from pipeline to pipeline, and so do
-- raw ids that are digests
CREATE FUNCTION szcn.rows(pipeline text, suffix text, raw_id text) RETURNS SETOF text
	LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT ROW(session_key, user_id, started_at, ended_at, expires_at,
		duration, date, events, page_views, distinct_pages, entry_page, exit_page, is_bounce,
		duplicates, conflicts, started_by, ended_by, session_index)::text FROM %I.%I', pipeline, 'sessions' || suffix);
	RETURN QUERY EXECUTE format('SELECT ROW(event_time, session_key, user_id, event_name, page,
		page_view, date, session_started_at, event_id, %s)::text
		FROM %I.%I', raw_id, pipeline, 'events' || suffix);
END $$;
CREATE FUNCTION szcn.different(other text, suffix text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	raw_id text := CASE other WHEN 'szcn_digest' THEN 'NULL' ELSE 'raw_id' END;
BEGIN
	RETURN (WITH a AS MATERIALIZED (SELECT szcn.rows('szcn_plain', suffix, raw_id) AS r),
	             b AS MATERIALIZED (SELECT szcn.rows(other, suffix, raw_id) AS r)
	        SELECT (SELECT count(*) FROM (TABLE a EXCEPT ALL TABLE b) AS x)
	             + (SELECT count(*) FROM (TABLE b EXCEPT ALL TABLE a) AS x));
END $$;
CREATE PROCEDURE szcn.check(what text, live boolean DEFAULT true) LANGUAGE plpgsql AS $$
DECLARE
	others text[] := ARRAY(SELECT pipeline_name::text FROM sessionize.pipelines
	                       WHERE pipeline_name ~ '^szcn_' AND pipeline_name <> 'szcn_plain');
	other text;
	n bigint := 0;
BEGIN
	IF live THEN
		n := (SELECT sum(szcn.different(o, '_live')) FROM unnest(others) AS o);
	END IF;
	CALL sessionize.refresh('szcn_plain');
	FOREACH other IN ARRAY others LOOP
		CALL sessionize.refresh(other);
		n := n + szcn.different(other, '') + szcn.different(other, '_live')
			+ (SELECT count(*) FROM sessionize.verify(other))
			+ (SELECT abs(a.difference) + abs(a.event_difference) + abs(a.pending)
			   FROM sessionize.reconcile(other) AS a);
	END LOOP;
	RAISE WARNING '%: % different, % quarantined, % sessions', what, n,
		(SELECT count(*) FROM szcn_web.quarantine), (SELECT count(*) FROM szcn_web.sessions);
END $$;
CALL szcn.add(1, 300, 17);
CALL szcn.check('first build', false);
CALL szcn.add(301, 400, 23);
CALL szcn.check('more rows');
-- the star's additional columns have values; rows are updated and deleted among them
SELECT count(szcn.fill(c.oid, 'true')) > 5 AS filled FROM pg_class AS c
WHERE c.relkind = 'r' AND c.relnamespace = 'szcn_web'::regnamespace AND c.relname ~ 'fact|dim_|person';
CALL szcn.check('filled');
UPDATE szcn.plain SET who = 'v3', at = at + interval '1 hour' WHERE id ~ '7$';
UPDATE szcn.raw SET k = 'v3', t = t + interval '1 hour' WHERE r ~ '7$';
UPDATE szcn.expressions SET k = 'V3', t = t + interval '1 hour' WHERE r ~ '7$';
DELETE FROM szcn.plain WHERE id ~ '3$';
DELETE FROM szcn.raw WHERE r ~ '3$';
DELETE FROM szcn.expressions WHERE r ~ '3$';
CALL szcn.check('changed');
SELECT raw_id, session_key, reason, raw_row ->> 'r' AS r, raw_row ->> 'k' AS k,
	raw_row ->> 'row' AS "row"
FROM szcn_web.quarantine WHERE raw_id IN ('r31', 'r74') ORDER BY raw_id;
-- an expression that fails puts a row into the quarantine, with all of its columns
INSERT INTO szcn.expressions (r, k, f, t, c) VALUES ('bad', 'V1', 'bad', '2026-01-02', '');
CALL sessionize.refresh('szcn_expr');
SELECT q.session_key, q.reason, q.detail,
       (SELECT count(*) FROM jsonb_object_keys(q.raw_row)) > 300 AS has_all
FROM szcn_expr.quarantine AS q WHERE q.raw_id = 'bad';
DELETE FROM szcn.expressions WHERE r = 'bad';
CALL szcn.check('an expression that failed');
SELECT sessionize.mark_dirty('szcn_web', 'v3');
SELECT sessionize.mark_dirty('szcn_expr', since => '2026-01-02', until => '2026-01-04');
SELECT sessionize.mark_dirty('szcn_digest');
CALL szcn.check('marked');
CALL sessionize.rebuild('szcn_web');
CALL sessionize.rebuild('szcn_expr');
CALL szcn.check('rebuilt');
CALL sessionize.rebuild('szcn_web', newest_first => true);
CALL sessionize.rebuild('szcn_expr', newest_first => true);
CALL szcn.check('rebuilt, newest first');
CALL sessionize.rebuild('szcn_web', since => '2026-01-02', until => '2026-01-03');
CALL szcn.check('a range rebuilt');
UPDATE szcn_web.fact_session SET events = events + 1 WHERE session_key = 'v1';
UPDATE szcn_web.dim_date SET year = 1 WHERE date_key > 0;
UPDATE szcn_web.dim_page SET page = 'nowhere' WHERE page_key = 1;
DELETE FROM szcn_web.fact_event WHERE session_key = 'v2';
SELECT relation, difference, count(*) > 0 AS found FROM sessionize.verify('szcn_web')
GROUP BY 1, 2 ORDER BY 1, 2;
CALL sessionize.rebuild('szcn_web');
CALL szcn.check('put right');
SELECT other.sessions = plain.sessions AND other.events = plain.events
       AND other.quarantined = plain.quarantined AS same
FROM sessionize.preview_pipeline('szcn_web', gap => '1 hour') AS other
JOIN sessionize.preview_pipeline('szcn_plain', gap => '1 hour') AS plain USING (rules);
-- what a contract would say
SELECT other = plain AS same, (other).events > 100 AS some FROM sessionize.infer_contract('szcn_web', NULL, about => $$('"' || r || '"')::jsonb$$) AS other,
	sessionize.infer_contract('szcn_plain', NULL, about => $$('"' || id || '"')::jsonb$$) AS plain;
SELECT other = plain AS same, (other).failed > 10 AS some FROM sessionize.dry_run_contract('szcn_web', NULL, '{"pattern": "[13579]$"}', about => $$('"' || r || '"')::jsonb$$) AS other,
	sessionize.dry_run_contract('szcn_plain', NULL, '{"pattern": "[13579]$"}', about => $$('"' || id || '"')::jsonb$$) AS plain;
SELECT count(*) > 5 AS parts, count(*) FILTER (WHERE other.changed IS DISTINCT FROM plain.changed) AS different
FROM sessionize.preview_contract('szcn_web', NULL, '{"pattern": "[13579]$"}', about => $$('"' || r || '"')::jsonb$$) AS other
JOIN sessionize.preview_contract('szcn_plain', NULL, '{"pattern": "[13579]$"}', about => $$('"' || id || '"')::jsonb$$) AS plain USING (part);
SELECT events > 100 AS some, failed FROM sessionize.dry_run_contract('szcn_web', NULL, '{"required": ["r", "select"]}', about => '*');
-- a key that fails
CREATE FUNCTION szcn.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'not this one';
END $$;
CREATE TRIGGER refuse BEFORE UPDATE OR INSERT ON szcn_web.fact_session FOR EACH ROW
WHEN (NEW.session_key = 'v4') EXECUTE FUNCTION szcn.refuse();
CALL szcn.add(401, 420, 5);
CALL sessionize.refresh('szcn_web');
SELECT session_key FROM sessionize.run_errors WHERE pipeline_name = 'szcn_web';
DROP TRIGGER refuse ON szcn_web.fact_session;
SELECT sessionize.retry_errors('szcn_web');
CALL szcn.check('tried again');
-- a seal; digests change with the columns, so a pipeline that goes by them has none
SELECT sessionize.drop_pipeline('szcn_digest');
SELECT sessionize.seal('szcn_web', '2026-01-03') = sessionize.seal('szcn_plain',
	'2026-01-03') AS same;
SELECT sealed > 50 AS sealed FROM sessionize.seal('szcn_expr', '2026-01-03');
CALL szcn.check('sealed');
DELETE FROM szcn.plain WHERE at < '2026-01-02';
DELETE FROM szcn.raw WHERE t < '2026-01-02';
DELETE FROM szcn.expressions WHERE t < '2026-01-02';
CALL szcn.add(421, 440, 3);
CALL szcn.check('sealed rows gone, late ones come');
SELECT count(*) > 0 AS any, count(*) = (SELECT count(*) FROM szcn_plain.late) AS same
	FROM szcn_web.late;
SELECT sessionize.seal('szcn_web', '2026-01-04', true)
       = sessionize.seal('szcn_plain', '2026-01-04', true) AS same;
SELECT sessionize.seal('szcn_expr', '2026-01-04', true) IS NOT NULL AS done;
CALL szcn.check('sealed again');
SELECT sessionize.erase_user('szcn_plain', 'v5') = sessionize.erase_user('szcn_web', 'v5') AS same;
SELECT raw_rows > 0 AS erased FROM sessionize.erase_user('szcn_expr', 'v5');
CALL szcn.check('erased');
-- tables with a trigger are written by statements
CREATE TRIGGER nothing BEFORE INSERT OR UPDATE ON szcn_web.fact_session FOR EACH ROW WHEN (false)
EXECUTE FUNCTION szcn.refuse();
CREATE TRIGGER nothing BEFORE INSERT OR UPDATE ON szcn_web.fact_event FOR EACH ROW WHEN (false)
EXECUTE FUNCTION szcn.refuse();
CREATE TRIGGER nothing BEFORE INSERT OR UPDATE ON szcn_web.dim_user FOR EACH ROW WHEN (false)
EXECUTE FUNCTION szcn.refuse();
CALL szcn.add(441, 500, 29);
CALL szcn.check('by statements');
CALL sessionize.rebuild('szcn_web');
CALL szcn.check('by statements, rebuilt');
SELECT p.capture, p.needs_rebuild IS NULL AS needs_no_rebuild, p.pending_rows, p.failed_keys
FROM sessionize.pipeline_status AS p WHERE p.pipeline_name = 'szcn_web';
SELECT sessionize.alter_pipeline('szcn_web', gap => '2 hours'),
       sessionize.alter_pipeline('szcn_plain', gap => '2 hours'),
       sessionize.alter_pipeline('szcn_expr', gap => '2 hours');
CALL szcn.check('another gap', false);
SELECT sessionize.add_measure('szcn_web', 'lengths', 'sum', 'length(c)', 'd IS NOT TRUE'),
       sessionize.add_measure('szcn_plain', 'lengths', 'sum', 'length(url)', 'flag IS NOT TRUE');
CALL szcn.check('a measure', false);
SELECT count(*) > 0 AS some, sum(lengths) > 0 AS with_values FROM szcn_web.sessions;
SELECT session_key, started_at, lengths FROM szcn_web.sessions EXCEPT ALL
SELECT session_key, started_at, lengths FROM szcn_plain.sessions;
SELECT sessionize.drop_measure('szcn_web', 'lengths'), sessionize.drop_measure('szcn_plain', 'lengths');
SELECT sessionize.add_dimension('szcn_web', 'kind', '{"m": "length(c)", "k": "c", "d": "d"}', pick => 'last', max_members => 3),
       sessionize.add_dimension('szcn_web', 'select', '{"j": "c", "n": "d"}', grain => 'event'),
       sessionize.add_dimension('szcn_plain', 'kind', '{"m": "length(url)", "k": "url", "d": "flag"}', pick => 'last', max_members => 3),
       sessionize.add_dimension('szcn_plain', 'select', '{"j": "url", "n": "flag"}', grain => 'event');
SELECT sessionize.add_dimension('szcn_web', 'lag', '{"k": "c"}', 'event', 'last_known'),
       sessionize.add_dimension('szcn_plain', 'lag', '{"k": "url"}', 'event', 'last_known');
SELECT bool_and(szcn.add_columns(d::regclass) > 300) AS have_them
FROM unnest('{szcn_web.dim_kind,szcn_web.dim_select,szcn_web.dim_lag}'::text[]) AS d;
CALL szcn.check('dimensions', false);
SELECT count(*) > 0 AS some, count(DISTINCT kind_k) FROM szcn_web.sessions;
SELECT session_key, started_at, kind_m, kind_k, kind_d FROM szcn_web.sessions EXCEPT ALL
SELECT session_key, started_at, kind_m, kind_k, kind_d FROM szcn_plain.sessions;
SELECT session_key, raw_id, select_j, select_n FROM szcn_web.events EXCEPT ALL
SELECT session_key, raw_id, select_j, select_n FROM szcn_plain.events;
SELECT count(*) > 20 AS some FROM szcn_web.dim_lag_versions;
SELECT session_key, valid_from, valid_to, is_current, lag_k FROM szcn_web.dim_lag_versions EXCEPT ALL
SELECT session_key, valid_from, valid_to, is_current, lag_k FROM szcn_plain.dim_lag_versions;
UPDATE szcn_web.dim_kind SET k = 'spoilt' WHERE kind_key > 0;
CALL sessionize.rebuild('szcn_web');
SELECT count(*) FROM szcn_web.sessions WHERE kind_k = 'spoilt';
SELECT sessionize.drop_dimension('szcn_web', 'kind'), sessionize.drop_dimension('szcn_web', 'select'),
       sessionize.drop_dimension('szcn_plain', 'kind'), sessionize.drop_dimension('szcn_plain', 'select'),
       sessionize.drop_dimension('szcn_web', 'lag'), sessionize.drop_dimension('szcn_plain', 'lag');
SELECT sessionize.alter_pipeline('szcn_web', filter => 'c IS NOT NULL'),
       sessionize.alter_pipeline('szcn_plain', filter => 'url IS NOT NULL'),
       sessionize.alter_pipeline('szcn_expr', filter => 'c IS NOT NULL');
CALL szcn.check('a filter', false);
-- persons are known by their keys and users
CREATE FUNCTION szcn.persons(pipeline text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT ROW(k.session_key, k.is_ignored, (SELECT min(u.user_id)
		FROM %1$I.person_user AS u WHERE u.person_id = k.person_id))::text FROM %1$I.person_key AS k
		UNION ALL SELECT ROW(u.user_id, u.is_ignored, (SELECT count(*) FROM %1$I.person_key AS k
		WHERE k.person_id = u.person_id))::text FROM %1$I.person_user AS u', pipeline);
END $$;
CREATE FUNCTION szcn.other_persons(other text) RETURNS bigint LANGUAGE sql AS $$
	SELECT (SELECT count(*) FROM (SELECT szcn.persons('szcn_plain') EXCEPT ALL SELECT szcn.persons(other)) AS x)
	     + (SELECT count(*) FROM (SELECT szcn.persons(other) EXCEPT ALL SELECT szcn.persons('szcn_plain')) AS x)
$$;
SELECT count(*) > 5 AS some, szcn.other_persons('szcn_web'), szcn.other_persons('szcn_expr')
FROM szcn.persons('szcn_plain');
SELECT bool_and(sessionize.link_users('szcn_' || p, 'u0', 'u9')) AS linked,
       bool_and(sessionize.link_users('szcn_' || p, 'u1', 'u9')) AS linked,
       bool_and(sessionize.exclude_identity('szcn_' || p, 'u2')) AS excluded
FROM unnest('{web,plain,expr}'::text[]) AS p;
CALL szcn.check('linked', false);
SELECT szcn.other_persons('szcn_web'), szcn.other_persons('szcn_expr');
SELECT sessionize.unlink_users('szcn_' || p, 'u1', 'u9'),
       sessionize.include_identity('szcn_' || p, 'u2') FROM unnest('{web,plain,expr}'::text[]) AS p;
CALL szcn.check('unlinked', false);
SELECT szcn.other_persons('szcn_web'), szcn.other_persons('szcn_expr');
SELECT count(*) > 0 AS any FROM szcn_web.sessions WHERE person_id IS NOT NULL;
UPDATE szcn.plain SET account = 'solo' WHERE who = 'v7';
UPDATE szcn.raw SET s = 'solo' WHERE k = 'v7';
UPDATE szcn.expressions SET s = 'solo' WHERE lower(k) = 'v7';
CALL szcn.check('another user', false);
SELECT szcn.other_persons('szcn_web'), szcn.other_persons('szcn_expr');
SELECT sessionize.erase_person('szcn_web', 'solo') = sessionize.erase_person('szcn_plain', 'solo') AS same;
SELECT raw_rows > 0 AS erased FROM sessionize.erase_person('szcn_expr', 'solo');
CALL szcn.check('a person erased', false);
SELECT szcn.other_persons('szcn_web'), szcn.other_persons('szcn_expr');
SELECT sessionize.enable_identity('szcn_' || p) FROM unnest('{web,plain,expr}'::text[]) AS p;
CALL szcn.check('other limits', false);
SELECT szcn.other_persons('szcn_web'), szcn.other_persons('szcn_expr');
SELECT sessionize.disable_identity('szcn_plain');
-- another mapping, also with a key of another type, which has the views made anew
CREATE INDEX ON szcn.raw ((k || 'x'), t);
CREATE INDEX ON szcn.plain ((who || 'x'), at);
SELECT count(*) AS parts, count(*) FILTER (WHERE o.changed IS DISTINCT FROM p.changed) AS different
FROM sessionize.preview_definition('szcn_web', sessionize.definition('szcn_web')
	|| '{"page": "upper(c)", "measures": [{"name": "lengths", "kind": "sum", "expression": "length(c)"}]}') AS o
JOIN sessionize.preview_definition('szcn_plain', sessionize.definition('szcn_plain')
	|| '{"page": "upper(url)", "measures": [{"name": "lengths", "kind": "sum", "expression": "length(url)"}]}') AS p USING (part);
SELECT sessionize.seal('szcn_web', '-infinity') IS NOT NULL AND sessionize.seal('szcn_plain', '-infinity') IS NOT NULL
	AND sessionize.seal('szcn_expr', '-infinity') IS NOT NULL AS taken_back;
SELECT sessionize.alter_pipeline('szcn_web', page => 'upper(c)', event_id => 'f::bytea'),
       sessionize.alter_pipeline('szcn_plain', page => 'upper(url)', event_id => 'event::bytea'),
       sessionize.alter_pipeline('szcn_expr', page => 'upper(c)', event_id => 'f::bytea');
SELECT sessionize.alter_pipeline('szcn_web', definition => sessionize.definition('szcn_web')
	|| '{"measures": [{"name": "lengths", "kind": "sum", "expression": "length(c)"}]}');
SELECT sessionize.alter_pipeline('szcn_web', definition => sessionize.definition('szcn_web')
	|| '{"measures": []}');
CALL szcn.check('another mapping', false);
SELECT sessionize.detach_source('szcn_web'), sessionize.detach_source('szcn_expr');
UPDATE szcn.raw SET s = 'u9' WHERE r ~ '5$';
UPDATE szcn.expressions SET s = 'u9' WHERE r ~ '5$';
UPDATE szcn.plain SET account = 'u9' WHERE id ~ '5$';
SELECT sessionize.attach_source('szcn_web', 'szcn.raw'),
       sessionize.attach_source('szcn_expr', 'szcn.expressions');
CALL szcn.check('attached', false);
CALL szcn.add(501, 520, 31);
CALL szcn.check('attached, and more rows');
TRUNCATE szcn.plain, szcn.raw, szcn.expressions;
CALL szcn.check('truncated');
SELECT sessionize.drop_pipeline('szcn_web'), sessionize.drop_pipeline('szcn_plain'),
       sessionize.drop_pipeline('szcn_expr');

-- partitions of an events table, into which rows move
SELECT sessionize.create_events_table('szcn.events', partition_by => 'day');
SELECT szcn.add_columns('szcn.events') > 300 AS has_them;
SELECT sessionize.create_pipeline('szcn_parts', 'szcn.events', page => '');
INSERT INTO szcn.events (event_id, anonymous_id, occurred_at, received_at)
SELECT 'e' || n, 'v' || n % 5, now() + n * interval '1 hour', now() + n * interval '1 hour'
FROM generate_series(1, 400) AS n;
CALL sessionize.refresh('szcn_parts');
SELECT count(*) > 0 AS in_default FROM szcn.events_default;
SELECT sessionize.create_events_partitions('szcn.events', 30) > 0 AS made;
SELECT count(*) AS in_default FROM szcn.events_default;
CALL sessionize.refresh('szcn_parts');
SELECT count(*) AS wrong FROM sessionize.verify('szcn_parts');
SELECT pending, difference FROM sessionize.reconcile('szcn_parts');
SELECT sessionize.drop_pipeline('szcn_parts');

-- functions that read a table, and a view of it by a query
CREATE TABLE szcn.hits (k text, t timestamptz, s boolean, f int);
SELECT szcn.add_columns('szcn.hits') > 300 AS has_them;
CREATE VIEW szcn.seen AS SELECT h.* FROM szcn.hits AS h;
INSERT INTO szcn.hits (k, t, s, f)
SELECT 'v' || n % 7, '2026-01-01'::timestamptz + (n * 7919 % 5000) * interval '1 minute',
	n % 3 = 0, n % 4
FROM generate_series(1, 300) AS n;
SELECT count(*) AS rows, count(*) FILTER (WHERE n <> 2) AS different
FROM (SELECT x.key, x.started_at, x.events, count(*) AS n
      FROM (SELECT * FROM sessionize.session_table('szcn.hits', 'k', 't')
            UNION ALL SELECT * FROM sessionize.session_table('szcn.seen', 'k', 't')) AS x
      GROUP BY 1, 2, 3) AS y;
\set steps 'ARRAY[''s'', ''f = 1'', ''f = 2 AND k <> ''''v'''''']'
SELECT count(*) AS rows, count(*) FILTER (WHERE n <> 2) AS different
FROM (SELECT x.key, x.depth, x.times, count(*) AS n
      FROM (SELECT * FROM sessionize.funnel_table('szcn.hits', 'k', 't', '1 day', :steps)
            UNION ALL
            SELECT * FROM sessionize.funnel_table('szcn.seen', 'k', 't', '1 day', :steps)) AS x
      GROUP BY 1, 2, 3) AS y;
SELECT count(*) > 0 AS rows FROM sessionize.retention_table('szcn.seen', 'k', 't');
DROP SCHEMA szcn CASCADE;
