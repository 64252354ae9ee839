-- Pipelines on tables that Citus distributes: one pipeline for each shard, on the server that has it.
--
-- What is done on the coordinator comes first, then what each server does with its own shards.  A command for a
-- server runs in a transaction of its own, over a connection that Citus opens as the caller's role.  In a command
-- for a shard, format() fills in the name of the shard's pipeline (%1$L) and of its table (%2$L).
CREATE TABLE sessionize.distributed_pipeline (
	pipeline_name name PRIMARY KEY,
	source        regclass NOT NULL,
	owner         regrole NOT NULL,
	definition    jsonb NOT NULL,
	plan          jsonb NOT NULL,
	calls         jsonb NOT NULL DEFAULT '{}',
	created_at    timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE sessionize.distributed_pipeline IS 'the distributed pipelines, on each server; read through the view distributed_pipelines';
COMMENT ON COLUMN sessionize.distributed_pipeline.definition IS 'what the pipelines of all shards are to be, as sessionize.definition() returns it';
COMMENT ON COLUMN sessionize.distributed_pipeline.plan IS 'their contracts, as sessionize.tracking_plan() returns them';
COMMENT ON COLUMN sessionize.distributed_pipeline.calls IS 'what neither has, such as the limits of the fuse: for each function the last call, in the form of call_shards';
REVOKE ALL ON sessionize.distributed_pipeline FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('sessionize.distributed_pipeline', '');

CREATE VIEW sessionize.distributed_pipelines WITH (security_barrier) AS
SELECT d.pipeline_name, d.source, d.owner, d.definition, d.plan, d.calls, d.created_at
FROM sessionize.distributed_pipeline AS d
WHERE pg_catalog.pg_has_role(d.owner::oid, 'USAGE') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE');
COMMENT ON VIEW sessionize.distributed_pipelines IS 'the pipelines on distributed tables whose owner''s role you have; all of them for members of pg_read_all_stats';
GRANT SELECT ON sessionize.distributed_pipelines TO PUBLIC;

CREATE FUNCTION sessionize.note_distributed(pipeline text, source regclass, definition jsonb, plan jsonb, calls jsonb) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_note_distributed'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.note_distributed IS 'Internal: record a distributed pipeline on this server';

CREATE FUNCTION sessionize.note_shard_call(pipeline text, function text, command text) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_note_shard_call'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.note_shard_call IS 'Internal: record on this server a call that is to be made again for shards of a distributed pipeline that are new';

CREATE FUNCTION sessionize.forget_distributed(pipeline text) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_forget_distributed'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.forget_distributed IS 'Internal: remove the record of a distributed pipeline on this server';

CREATE FUNCTION sessionize.adopt_seal(pipeline text, sealed_before timestamptz, sealed_beyond boolean) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_adopt_seal'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.adopt_seal IS 'Internal: give a pipeline that was never built the horizon of one whose sealed rows it has taken over';

-- On the coordinator.

CREATE FUNCTION sessionize.shard_table(relation regclass, shard bigint) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- Citus leaves out the schema if it is this one
	RETURN (SELECT CASE WHEN c.relnamespace = to_regnamespace('public') THEN 'public.' ELSE '' END || shard_name(relation, shard) FROM pg_class AS c WHERE c.oid = relation);
END $$;
COMMENT ON FUNCTION sessionize.shard_table IS 'Internal: the name of a shard of a table, with its schema';

CREATE FUNCTION sessionize.shards(pipeline name, source regclass DEFAULT NULL)
RETURNS TABLE (shard_id bigint, shard_pipeline name, shard_table text, node_name text, node_port int, group_id int)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF to_regclass('pg_catalog.pg_dist_shard') IS NULL THEN
		RETURN;
	END IF;
	RETURN QUERY
	SELECT s.shardid, (pipeline || '_' || s.shardid)::name, sessionize.shard_table(s.logicalrelid, s.shardid), n.nodename::text, n.nodeport, n.groupid
	FROM pg_dist_shard AS s JOIN pg_dist_placement AS p USING (shardid)
	JOIN pg_dist_node AS n ON n.groupid = p.groupid AND n.noderole = 'primary'
	WHERE s.logicalrelid = coalesce(shards.source, (SELECT d.source FROM sessionize.distributed_pipelines AS d WHERE d.pipeline_name = shards.pipeline))
	ORDER BY s.shardid;
END $$;
COMMENT ON FUNCTION sessionize.shards IS 'the shards of a distributed pipeline''s raw table, the servers that have them, and their pipelines';

CREATE FUNCTION sessionize.star_relations() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT '{sessions,events,sessions_live,events_live,quarantine,session_alias,sealed,late}'::text[] $$;
COMMENT ON FUNCTION sessionize.star_relations IS 'Internal: the relations that every distributed star has; rollups are further ones';

CREATE FUNCTION sessionize.star_tables(pipeline name) RETURNS TABLE (star_table regclass, table_name name)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF to_regclass('pg_catalog.pg_dist_partition') IS NULL THEN
		RETURN;
	END IF;
	-- users may have distributed tables of their own in the schema
	RETURN QUERY
	SELECT c.oid::regclass, c.relname FROM pg_class AS c JOIN pg_dist_partition AS p ON p.logicalrelid = c.oid
	WHERE c.relnamespace = to_regnamespace(quote_ident(pipeline))
	AND (c.relname = ANY (sessionize.star_relations()) OR (c.relname ~ '_shards$' AND sessionize.distribution_column(c.oid) = 'shard_key'));
END $$;
COMMENT ON FUNCTION sessionize.star_tables IS 'Internal: the distributed tables of a star';

CREATE FUNCTION sessionize.star_table_names(pipeline name) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN ARRAY(SELECT t.table_name FROM sessionize.star_tables(pipeline) AS t);
END $$;
COMMENT ON FUNCTION sessionize.star_table_names IS 'Internal: the names of the distributed tables of a star that this server knows';

CREATE FUNCTION sessionize.run_here(command text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	result text;
	message text;
	detail text;
	hint text;
BEGIN
	EXECUTE command INTO result;
	RETURN jsonb_build_object('result', result);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN jsonb_build_object('error', message, 'detail', detail, 'hint', hint, 'code', SQLSTATE);
END $$;
COMMENT ON FUNCTION sessionize.run_here IS 'Internal: run a command and return its result or the whole of its error, of which Citus passes on one line';

CREATE FUNCTION sessionize.report_error(message text, detail text, hint text, code text) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_report_error'
LANGUAGE C VOLATILE PARALLEL SAFE;
COMMENT ON FUNCTION sessionize.report_error IS 'Internal: report an error of another server, with the detail and the hint that it has';

CREATE FUNCTION sessionize.run_on_servers(node_names text[], node_ports int[], commands text[], tolerant boolean DEFAULT false, pipeline name DEFAULT NULL, shard_ids bigint[] DEFAULT NULL)
RETURNS TABLE (number bigint, result text, error text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	answers jsonb[];
	failed record;
	hint text;
BEGIN
	SELECT array_agg(CASE WHEN NOT r.success THEN jsonb_build_object('error', regexp_replace(r.result, '^ERROR: +', ''), 'code', 'P0001')
	                      WHEN commands[r.n] LIKE 'CALL %' THEN '{}' ELSE r.result::jsonb END ORDER BY r.n)
	INTO answers
	FROM master_run_on_worker(node_names, node_ports,
		ARRAY(SELECT CASE WHEN c.command LIKE 'CALL %' THEN c.command ELSE format('SELECT sessionize.run_here(%L)', c.command) END FROM unnest(commands) WITH ORDINALITY AS c (command, n) ORDER BY c.n),
		true) WITH ORDINALITY AS r (node_name, node_port, success, result, n);
	SELECT min(a.n) AS n, count(*) AS failures INTO failed FROM unnest(answers) WITH ORDINALITY AS a (answer, n) WHERE a.answer ? 'error';
	IF failed.n IS NOT NULL AND NOT tolerant THEN
		-- what a server says of a shard's pipeline is to be done here for the whole
		hint := nullif(answers[failed.n] ->> 'hint', '');
		IF shard_ids IS NOT NULL THEN
			hint := replace(hint, '_' || shard_ids[failed.n], '');
		END IF;
		IF pipeline IS NOT NULL AND cardinality(commands) > 1 THEN
			hint := concat_ws(' ', hint, format('SELECT * FROM sessionize.attach_shards(%L); makes all shards alike again.', pipeline));
		END IF;
		PERFORM sessionize.report_error(answers[failed.n] ->> 'error',
			concat_ws(' ', nullif(answers[failed.n] ->> 'detail', ''), format('This is from server %s:%s; %s of %s commands failed.', node_names[failed.n], node_ports[failed.n], failed.failures, cardinality(commands))),
			hint, answers[failed.n] ->> 'code');
	END IF;
	RETURN QUERY SELECT a.n, a.answer ->> 'result', a.answer ->> 'error' FROM unnest(answers) WITH ORDINALITY AS a (answer, n);
END $$;
COMMENT ON FUNCTION sessionize.run_on_servers IS 'Internal: run commands at the same time, each on a server in a transaction of its own; an error if one fails, unless tolerant';

CREATE FUNCTION sessionize.escaped_literal(value anyelement) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT replace(quote_literal(value), '%', '%%') $$;
COMMENT ON FUNCTION sessionize.escaped_literal IS 'Internal: a literal for a command for shards, in which format() is to leave it as it is';

CREATE FUNCTION sessionize.run_on_shards(pipeline name, command text, source regclass DEFAULT NULL, only_shards bigint[] DEFAULT NULL, tolerant boolean DEFAULT false)
RETURNS TABLE (shard_id bigint, result text, error text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	ids bigint[];
	names text[];
	ports int[];
	commands text[];
BEGIN
	SELECT array_agg(s.shard_id ORDER BY s.shard_id), array_agg(s.node_name ORDER BY s.shard_id), array_agg(s.node_port ORDER BY s.shard_id),
		array_agg(format(command, s.shard_pipeline, s.shard_table) ORDER BY s.shard_id)
	INTO ids, names, ports, commands
	FROM sessionize.shards(pipeline, source) AS s WHERE only_shards IS NULL OR s.shard_id = ANY (only_shards);
	IF ids IS NOT NULL THEN
		RETURN QUERY SELECT ids[r.number], r.result, r.error FROM sessionize.run_on_servers(names, ports, commands, tolerant, pipeline, ids) AS r;
	END IF;
END $$;
COMMENT ON FUNCTION sessionize.run_on_shards IS 'Internal: run a command for each shard of a distributed pipeline';

CREATE FUNCTION sessionize.run_on_all_servers(command text, with_coordinator boolean DEFAULT true) RETURNS SETOF text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY SELECT r.result FROM (
		SELECT array_agg(n.nodename::text) AS names, array_agg(n.nodeport) AS ports, array_agg(command) AS commands
		FROM pg_dist_node AS n WHERE n.noderole = 'primary' AND n.isactive AND (with_coordinator OR n.groupid <> 0)
	) AS n, LATERAL sessionize.run_on_servers(n.names, n.ports, n.commands) AS r WHERE n.names IS NOT NULL;
END $$;
COMMENT ON FUNCTION sessionize.run_on_all_servers IS 'Internal: run a command on all workers and, unless it is left out, the coordinator';

CREATE FUNCTION sessionize.run_on_coordinator(command text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	node record;
BEGIN
	SELECT n.nodename::text AS name, n.nodeport AS port INTO STRICT node FROM pg_dist_node AS n WHERE n.groupid = 0;
	RETURN (SELECT r.result FROM sessionize.run_on_servers(ARRAY[node.name], ARRAY[node.port], ARRAY[command]) AS r);
END $$;
COMMENT ON FUNCTION sessionize.run_on_coordinator IS 'Internal: run a command on the coordinator in a transaction of its own';

CREATE FUNCTION sessionize.check_complete(pipeline name) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	definition jsonb := (SELECT d.definition FROM sessionize.distributed_pipelines AS d WHERE d.pipeline_name = pipeline);
BEGIN
	IF definition IS NULL THEN
		RAISE EXCEPTION 'must be owner of distributed pipeline "%"', pipeline USING ERRCODE = 'insufficient_privilege';
	ELSIF definition = '{}' THEN
		RAISE EXCEPTION 'distributed pipeline "%" is not complete', pipeline
		USING DETAIL = 'Its create_pipeline has not ended, or was interrupted.', ERRCODE = 'object_not_in_prerequisite_state',
			HINT = format('If nobody is creating it at the moment, SELECT sessionize.drop_pipeline(%L); removes what there is of it; then create it again.', pipeline);
	END IF;
	-- a call for no shard at all would find that all is right
	PERFORM sessionize.check_raw_table(pipeline);
END $$;
COMMENT ON FUNCTION sessionize.check_complete IS 'Internal: an error if the create_pipeline of a distributed pipeline was interrupted before its definition was known, if it has no shards, or for a role that does not have its owner''s rights';

CREATE FUNCTION sessionize.call_shards(pipeline text, command text, one_first boolean, session_key text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	first bigint;
	others bigint[];
	results jsonb;
	star record;
	problems text[];
BEGIN
	PERFORM sessionize.check_complete(pipeline::name);
	SELECT d.definition, d.plan INTO STRICT star FROM sessionize.distributed_pipelines AS d WHERE d.pipeline_name = pipeline;
	SELECT array_agg(DISTINCT e.value ORDER BY e.value) INTO problems FROM sessionize.run_on_all_servers(
		format('SELECT to_jsonb(array_agg(p.problem)) FROM (SELECT s.problem FROM sessionize.shard_problems(%1$L) AS s WHERE s.misleads UNION ALL SELECT o.problem FROM sessionize.outdated_shards(%1$L, %2$L, %3$L) AS o) AS p',
			pipeline, star.definition, star.plan)) AS p (problems), jsonb_array_elements_text(p.problems::jsonb) AS e;
	IF problems IS NOT NULL THEN
		RAISE EXCEPTION 'the star of distributed pipeline "%" does not follow all shards', pipeline
		USING DETAIL = array_to_string(problems[:3], '; ') || CASE WHEN cardinality(problems) > 3 THEN format('; and %s more', cardinality(problems) - 3) ELSE '' END || '.',
			HINT = format('SELECT * FROM sessionize.attach_shards(%L);', pipeline), ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	IF session_key IS NOT NULL THEN
		SELECT r.result::jsonb INTO results FROM sessionize.run_on_shards(pipeline::name, command, only_shards => ARRAY[sessionize.shard_of(pipeline, session_key)]) AS r;
		IF results IS NULL THEN
			RAISE EXCEPTION 'no server has the shard of this session key'
			USING HINT = 'SELECT * FROM pg_dist_node; shows the servers that Citus knows.', ERRCODE = 'object_not_in_prerequisite_state';
		END IF;
		RETURN results;
	ELSIF one_first THEN
		command := 'SELECT sessionize.change_shard(' || sessionize.escaped_literal(pipeline) || ', %1$L, ' || sessionize.escaped_literal(command) || ')';
		-- what is wrong with the call shows before any other shard is changed
		SELECT min(s.shard_id) INTO first FROM sessionize.shards(pipeline::name) AS s;
		SELECT r.result::jsonb INTO results FROM sessionize.run_on_shards(pipeline::name, command, only_shards => ARRAY[first]) AS r;
	END IF;
	SELECT coalesce(array_agg(s.shard_id), '{}') INTO others FROM sessionize.shards(pipeline::name) AS s WHERE s.shard_id IS DISTINCT FROM first;
	IF command LIKE 'CALL %' THEN
		PERFORM FROM sessionize.run_on_shards(pipeline::name, command, only_shards => others);
		RETURN '[]';
	END IF;
	RETURN coalesce(results, '[]') || coalesce((
		SELECT jsonb_agg(e.value) FROM sessionize.run_on_shards(pipeline::name, command, only_shards => others) AS r, jsonb_array_elements(r.result::jsonb) AS e), '[]');
END $$;
COMMENT ON FUNCTION sessionize.call_shards IS 'Internal: make a call for each shard of a distributed pipeline, or only for that of a session key; the rows of all results';

CREATE FUNCTION sessionize.check_no_orphans(pipeline name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	orphans text;
BEGIN
	PERFORM sessionize.check_complete(pipeline);
	SELECT string_agg(r, ', ') INTO orphans FROM sessionize.run_on_all_servers(
		format('SELECT string_agg(p.shard_pipeline, '', '') FROM sessionize.shard_pipelines(%L) AS p WHERE p.is_orphan', pipeline)) AS r;
	IF orphans IS NOT NULL THEN
		RAISE EXCEPTION 'pipelines that were left behind by shards of "%" may have rows of the user', pipeline
		USING DETAIL = format('They are %s.', orphans), ERRCODE = 'object_not_in_prerequisite_state',
			HINT = format('SELECT * FROM sessionize.attach_shards(%L); drops them, or says what only they have.', pipeline);
	END IF;
END $$;
COMMENT ON FUNCTION sessionize.check_no_orphans IS 'Internal: an error if a server has a pipeline whose shard is no longer there, which no call reaches';

CREATE FUNCTION sessionize.check_raw_table(pipeline text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM sessionize.shards(pipeline::name)) THEN
		RAISE EXCEPTION 'the raw table of distributed pipeline "%" was dropped', pipeline
		USING DETAIL = 'Its shards, and the star over them, have gone with it.', HINT = format('SELECT sessionize.drop_pipeline(%L); removes what is left of the pipeline.', pipeline),
			ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
END $$;
COMMENT ON FUNCTION sessionize.check_raw_table IS 'Internal: an error if the raw table of a distributed pipeline has no shards any more';

CREATE FUNCTION sessionize.shard_of(pipeline text, session_key text) RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	shard bigint;
BEGIN
	EXECUTE (SELECT format('SELECT get_shard_id_for_distribution_column(%1$L, %2$L::%3$s)', d.source, session_key, a.atttypid::regtype)
		FROM sessionize.distributed_pipelines AS d JOIN pg_attribute AS a ON a.attrelid = d.source AND a.attname = sessionize.distribution_column(d.source)
		WHERE d.pipeline_name = pipeline) INTO shard;
	RETURN shard;
END $$;
COMMENT ON FUNCTION sessionize.shard_of IS 'Internal: the shard that has a session key';

CREATE FUNCTION sessionize.check_distributed_source(pipeline name, source regclass) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	kind "char" := (SELECT p.partmethod FROM pg_dist_partition AS p WHERE p.logicalrelid = source);
	copies bigint := (SELECT max(c.copies) FROM (SELECT count(*) AS copies FROM pg_dist_shard JOIN pg_dist_placement USING (shardid)
	                  WHERE logicalrelid = source GROUP BY shardid) AS c);
BEGIN
	IF (SELECT l.groupid FROM pg_dist_local_group AS l) <> 0 THEN
		RAISE EXCEPTION 'a pipeline on distributed table % is created on the coordinator', source
		USING HINT = 'Connect to the coordinator, and call create_pipeline there.', ERRCODE = 'object_not_in_prerequisite_state';
	ELSIF NOT EXISTS (SELECT FROM pg_dist_node AS n WHERE n.groupid = 0) THEN
		RAISE EXCEPTION 'the coordinator is not among the servers that Citus knows'
		USING HINT = 'SELECT citus_set_coordinator_host(''host name'', port);', ERRCODE = 'object_not_in_prerequisite_state';
	ELSIF kind IS DISTINCT FROM 'h' OR copies > 1 THEN
		RAISE EXCEPTION 'table % is not distributed by a hash of one column, with one copy of each shard', source
		USING DETAIL = 'A session''s events must be in one shard, and each shard is the raw table of one pipeline.',
			HINT = format('Distribute it by the session key: SELECT create_distributed_table(%L, ''anonymous_id'');', source), ERRCODE = 'feature_not_supported';
	ELSIF EXISTS (SELECT FROM sessionize.distributed_pipelines AS d WHERE d.pipeline_name = pipeline) OR to_regnamespace(quote_ident(pipeline)) IS NOT NULL THEN
		RAISE EXCEPTION 'pipeline or schema "%" already exists', pipeline
		USING HINT = format('Choose another name. If there is a pipeline that is no longer needed, SELECT sessionize.drop_pipeline(%L); removes it.', pipeline), ERRCODE = 'duplicate_object';
	ELSIF octet_length(pipeline) > 50 THEN
		-- with room for the numbers of shards to come: a split must not find that a name was cut off
		RAISE EXCEPTION 'the name "%" is too long', pipeline
		USING DETAIL = 'The pipeline of a shard has this name, an underscore and the shard''s number, which leaves 50 bytes.', HINT = 'Choose a short name, such as ''web''.', ERRCODE = 'invalid_name';
	END IF;
END $$;
COMMENT ON FUNCTION sessionize.check_distributed_source IS 'Internal: an error if there can be no pipeline of this name on a distributed table';

CREATE FUNCTION sessionize.distribution_column(source regclass) RETURNS name
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT column_to_column_name(p.logicalrelid, p.partkey) FROM pg_dist_partition AS p WHERE p.logicalrelid = source);
END $$;
COMMENT ON FUNCTION sessionize.distribution_column IS 'Internal: the column that a table is distributed by';

CREATE FUNCTION sessionize.is_distribution_column(source regclass, key text) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	distribution_column name := sessionize.distribution_column(source);
BEGIN
	-- a key is a column of exactly this name or, if there is none, an expression
	RETURN key = distribution_column OR (key = quote_ident(distribution_column)
		AND NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = source AND a.attname = key AND a.attnum > 0 AND NOT a.attisdropped));
END $$;
COMMENT ON FUNCTION sessionize.is_distribution_column IS 'Internal: whether a session key is the column that a table is distributed by';

CREATE FUNCTION sessionize.check_created(source regclass, definition jsonb) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT sessionize.is_distribution_column(source, definition ->> 'key') THEN
		RAISE EXCEPTION 'the session key of a pipeline on distributed table % must be the column that it is distributed by', source
		USING DETAIL = format('The table is distributed by %s, and the session key is %s.', quote_ident(sessionize.distribution_column(source)), definition ->> 'key'),
			HINT = format('Pass key => %L; collectors fill this column.', sessionize.distribution_column(source)), ERRCODE = 'feature_not_supported';
	ELSIF definition ? 'identity' THEN
		RAISE EXCEPTION 'persons can''t be linked over the shards of a distributed pipeline'
		USING DETAIL = 'A person''s session keys are in different shards, whose pipelines don''t know each other.', HINT = 'Leave identity out of the definition.', ERRCODE = 'feature_not_supported';
	END IF;
END $$;
COMMENT ON FUNCTION sessionize.check_created IS 'Internal: an error if the pipelines of shards can''t have the definition that one of them was created with';

CREATE FUNCTION sessionize.check_no_shard_pipelines(pipeline name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	present text := (SELECT string_agg(r, ', ') FROM sessionize.run_on_all_servers(
		format('SELECT string_agg(p.shard_pipeline, '', '') FROM sessionize.shard_pipelines(%L) AS p', pipeline)) AS r);
BEGIN
	IF present IS NOT NULL THEN
		RAISE EXCEPTION 'pipelines on shards have names that those of "%" would have', pipeline
		USING DETAIL = format('They are %s.', present), ERRCODE = 'duplicate_object',
			HINT = format('Choose another name, or drop them: SELECT * FROM run_command_on_all_nodes(%L);', format('SELECT sessionize.drop_shard_pipelines(%L, true)', pipeline));
	END IF;
END $$;
COMMENT ON FUNCTION sessionize.check_no_shard_pipelines IS 'Internal: an error if servers have pipelines that would be taken for parts of a distributed pipeline that is to be created';

CREATE FUNCTION sessionize.create_distributed(pipeline name, source regclass, command text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	first bigint := (SELECT min(s.shard_id) FROM sessionize.shards(pipeline, source) AS s);
	made jsonb;
	message text;
	hint text;
	detail text;
	code text;
BEGIN
	PERFORM sessionize.check_distributed_source(pipeline, source);
	PERFORM sessionize.check_no_shard_pipelines(pipeline);
	-- recorded before anything is made: drop_pipeline removes what there is, whatever interrupts us
	PERFORM sessionize.run_on_coordinator(format('SELECT sessionize.note_distributed(%L, %L, ''{}'', ''{}'', ''{}'')', pipeline, source));
	BEGIN
		PERFORM sessionize.run_on_all_servers(format('SELECT sessionize.note_distributed(%L, %L, ''{}'', ''{}'', ''{}'')', pipeline, source));
		PERFORM FROM sessionize.run_on_shards(pipeline, command, source, ARRAY[first]);
		SELECT r.result INTO made FROM sessionize.run_on_shards(pipeline, 'SELECT jsonb_build_object(''definition'', sessionize.definition(%1$L), ''plan'', sessionize.tracking_plan(%1$L))', source, ARRAY[first]) AS r;
		PERFORM sessionize.check_created(source, made -> 'definition');
		PERFORM sessionize.run_on_all_servers(format('SELECT sessionize.note_distributed(%L, %L, %L, %L, ''{}'')', pipeline, source, made -> 'definition', made -> 'plan'));
		PERFORM sessionize.attach_distributed(pipeline);
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT, detail = PG_EXCEPTION_DETAIL, code = RETURNED_SQLSTATE;
		BEGIN
			PERFORM sessionize.remove_distributed(pipeline, false);
		EXCEPTION WHEN OTHERS THEN
			hint := concat_ws(' ', nullif(hint, ''), format('What was made is still there: SELECT sessionize.drop_pipeline(%L); removes it.', pipeline));
		END;
		PERFORM sessionize.report_error(message, detail, hint, code);
	END;
END $$;
COMMENT ON FUNCTION sessionize.create_distributed IS 'Internal: create_pipeline on a distributed table';

CREATE FUNCTION sessionize.attach_shards(pipeline name) RETURNS TABLE (shard_id bigint, node text, done text)
AS 'MODULE_PATHNAME', 'sessionize_attach_shards'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.attach_shards IS 'make the pipelines of a distributed pipeline''s shards, and the star over them, what they are to be: after shards were moved or split, and after a server was added or restored; does nothing where all is right';

CREATE FUNCTION sessionize.attach_distributed(pipeline name) RETURNS TABLE (shard_id bigint, node text, done text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	star record;
	others record;
	horizon jsonb;
	unknown text;
	outdated bigint[];
	made jsonb;
BEGIN
	PERFORM sessionize.check_complete(pipeline);
	SELECT * INTO STRICT star FROM sessionize.distributed_pipelines AS d WHERE d.pipeline_name = pipeline;
	SELECT string_agg(DISTINCT u.result, ', ') INTO unknown
	FROM sessionize.run_on_shards(pipeline, format('SELECT sessionize.unknown_tables(%s, %s)', sessionize.escaped_literal(pipeline), sessionize.escaped_literal(sessionize.star_table_names(pipeline)))) AS u;
	IF unknown IS NOT NULL THEN
		RAISE EXCEPTION 'a server of distributed pipeline "%" does not know all tables of the star', pipeline
		USING DETAIL = unknown || '.', HINT = 'After a server was restored from an older backup, have Citus tell it what tables there are: SELECT citus_activate_node(host, port); then attach_shards again.',
			ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	-- a server that was restored may have missed some of the calls that are kept
	SELECT array_agg(r.shard_id) INTO outdated FROM sessionize.run_on_shards(pipeline,
		format('SELECT d.calls FROM sessionize.distributed_pipelines AS d WHERE d.pipeline_name = %s', sessionize.escaped_literal(pipeline))) AS r WHERE r.result::jsonb IS DISTINCT FROM star.calls;
	-- a server that was added or restored does not know of the pipeline
	PERFORM sessionize.run_on_all_servers(format('SELECT sessionize.note_distributed(%L, %L, %L, %L, %L)', pipeline, star.source, star.definition, star.plan, star.calls));
	-- what the others are like, before there are new ones
	SELECT bool_or((r.result::jsonb ->> 'built')::boolean) AS built, (array_agg(r.result::jsonb -> 'schedule') FILTER (WHERE r.result::jsonb -> 'schedule' <> 'null'))[1] AS schedule
	INTO others FROM sessionize.run_on_shards(pipeline, 'SELECT sessionize.shard_state(%1$L)') AS r;
	horizon := sessionize.star_horizon(pipeline);
	SELECT coalesce(jsonb_object_agg(r.shard_id, r.result), '{}') INTO made
	FROM sessionize.run_on_shards(pipeline, format('SELECT sessionize.ensure_shard(%%1$L, %%2$L, %s, %s, %s)', sessionize.escaped_literal(pipeline),
		sessionize.escaped_literal(star.definition), coalesce(sessionize.escaped_literal(horizon), 'NULL'))) AS r;
	-- those of a server that was restored: with all measures, which sealed rows are to have, and without the contracts that came since, which leave sealed rows alone
	IF others.built THEN
		PERFORM sessionize.seal_shards(pipeline, horizon);
	END IF;
	PERFORM FROM sessionize.run_on_shards(pipeline, format('SELECT sessionize.ensure_plan(%%1$L, %s)', sessionize.escaped_literal(star.plan))) AS r;
	PERFORM sessionize.finish_shards(pipeline, star.calls, outdated || ARRAY(SELECT m.key::bigint FROM jsonb_each_text(made) AS m WHERE m.value = 'created'), others.built, others.schedule);
	PERFORM sessionize.follow_shards(pipeline, always => true);
	PERFORM sessionize.carry_orphan_aliases(pipeline);
	RETURN QUERY SELECT substring(o.orphan FROM '_([0-9]+)$')::bigint, o.server, o.done
	FROM sessionize.run_on_all_servers(format('SELECT sessionize.drop_orphans(%L, %L)', pipeline, sessionize.sealed_columns(pipeline))) AS r, jsonb_to_recordset(r::jsonb) AS o (orphan text, server text, done text);
	RETURN QUERY SELECT s.shard_id, s.node_name || ':' || s.node_port, made ->> s.shard_id::text FROM sessionize.shards(pipeline) AS s;
END $$;
COMMENT ON FUNCTION sessionize.attach_distributed IS 'Internal: attach_shards, as the pipeline''s owner';

CREATE FUNCTION sessionize.finish_shards(pipeline name, calls jsonb, missed bigint[], build boolean, schedule jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	unbuilt bigint[];
	unscheduled bigint[];
BEGIN
	-- also those that an attach_shards has created which was interrupted
	SELECT coalesce(array_agg(r.shard_id) FILTER (WHERE NOT (r.result::jsonb ->> 'built')::boolean), '{}'), coalesce(array_agg(r.shard_id) FILTER (WHERE r.result::jsonb -> 'schedule' = 'null'), '{}')
	INTO unbuilt, unscheduled FROM sessionize.run_on_shards(pipeline, 'SELECT sessionize.shard_state(%1$L)') AS r;
	PERFORM FROM jsonb_each_text(calls) AS c, sessionize.run_on_shards(pipeline, c.value, only_shards => unbuilt || missed) AS r;
	IF build THEN
		PERFORM FROM sessionize.run_on_shards(pipeline, 'CALL sessionize.rebuild(%1$L)', only_shards => unbuilt);
	END IF;
	IF schedule IS NOT NULL THEN
		PERFORM FROM sessionize.run_on_shards(pipeline, format('SELECT sessionize.schedule(%%1$L, %L::interval, %L)', schedule ->> 'every', schedule ->> 'on_commit')
			|| CASE WHEN (schedule -> 'paused')::boolean THEN ', sessionize.pause(%1$L)' ELSE '' END, only_shards => unscheduled);
	END IF;
END $$;
COMMENT ON FUNCTION sessionize.finish_shards IS 'Internal: make the calls that are kept for pipelines of shards that are new or have missed them; build and schedule them as the others are';

CREATE FUNCTION sessionize.carry_orphan_aliases(pipeline name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	of_shard record;
BEGIN
	-- an orphan's last refreshes may have come after its tables were copied
	FOR of_shard IN
		SELECT s.id, jsonb_agg(a.value) AS aliases FROM sessionize.run_on_all_servers(format('SELECT sessionize.all_orphan_aliases(%L)', pipeline)) AS r, jsonb_array_elements(r::jsonb) AS a
		CROSS JOIN LATERAL sessionize.shard_of(pipeline, a.value ->> 'session_key') AS s (id) GROUP BY s.id
	LOOP
		PERFORM FROM sessionize.run_on_shards(pipeline, 'SELECT sessionize.add_aliases(%1$L, ' || sessionize.escaped_literal(of_shard.aliases) || ')', only_shards => ARRAY[of_shard.id]);
	END LOOP;
END $$;
COMMENT ON FUNCTION sessionize.carry_orphan_aliases IS 'Internal: give the pipelines of shards the former ids of sessions that only orphans have noted';

CREATE FUNCTION sessionize.seal_shards(pipeline name, horizon jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	behind bigint[];
	unbuilt bigint[];
BEGIN
	SELECT array_agg(r.shard_id), array_agg(r.shard_id) FILTER (WHERE NOT (r.result::jsonb -> 'built')::boolean) INTO behind, unbuilt FROM sessionize.run_on_shards(pipeline,
		'SELECT sessionize.shard_state(%1$L) || jsonb_build_object(''horizon'', coalesce(p.sealed_before, ''-infinity'')) FROM sessionize.pipelines AS p WHERE p.pipeline_name = %1$L') AS r
	WHERE (r.result::jsonb ->> 'horizon')::timestamptz < (horizon ->> 'sealed_before')::timestamptz;
	IF behind IS NOT NULL THEN
		PERFORM FROM sessionize.run_on_shards(pipeline, 'CALL sessionize.rebuild(%1$L)', only_shards => coalesce(unbuilt, '{}'));
		PERFORM FROM sessionize.run_on_shards(pipeline, 'CALL sessionize.refresh(%1$L)', only_shards => behind);
		PERFORM FROM sessionize.run_on_shards(pipeline, format('SELECT to_jsonb(s) FROM sessionize.seal(%%1$L, %L) AS s', horizon ->> 'sealed_before'), only_shards => behind);
	END IF;
END $$;
COMMENT ON FUNCTION sessionize.seal_shards IS 'Internal: seal the pipelines of shards that are behind the others as far as these are';

CREATE FUNCTION sessionize.sealed_columns(pipeline name) RETURNS text[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT array_agg(c.name) FROM (
		SELECT e.value AS name FROM sessionize.run_on_shards(pipeline, 'SELECT jsonb_agg(a.attname) FROM pg_attribute AS a
			WHERE a.attrelid = to_regclass(format(''%%I.sealed'', %1$L)) AND a.attnum > 0 AND NOT a.attisdropped') AS r, jsonb_array_elements_text(r.result::jsonb) AS e
		GROUP BY 1 HAVING count(*) = (SELECT count(*) FROM sessionize.shards(pipeline))) AS c);
END $$;
COMMENT ON FUNCTION sessionize.sealed_columns IS 'Internal: the columns that the sealed rows of all shards have; some may have those of measures that were dropped as well';

CREATE FUNCTION sessionize.follow_shards(pipeline name, always boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	star record;
	state jsonb;
	surplus text[];
BEGIN
	SELECT d.source, d.calls INTO star FROM sessionize.distributed_pipelines AS d WHERE d.pipeline_name = pipeline;
	SELECT r.result INTO state FROM sessionize.run_on_shards(pipeline, 'SELECT jsonb_build_object(''definition'', sessionize.definition(%1$L), ''plan'', sessionize.tracking_plan(%1$L), ''relations'', sessionize.shard_relations(%1$L))',
		only_shards => ARRAY[(SELECT min(s.shard_id) FROM sessionize.shards(pipeline) AS s)]) AS r;
	IF NOT always AND sessionize.star_follows(pipeline, state) THEN
		RETURN;
	END IF;
	PERFORM sessionize.run_on_all_servers(format('SELECT sessionize.note_distributed(%L, %L, %L, %L, %L)', pipeline, star.source, state -> 'definition', state -> 'plan', star.calls));
	surplus := ARRAY(SELECT t.table_name FROM sessionize.star_tables(pipeline) AS t
		WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(state -> 'relations') AS w WHERE w.value ->> 'table' = t.table_name));
	IF cardinality(surplus) > 0 THEN
		PERFORM sessionize.run_on_all_servers(format('SELECT sessionize.empty_distributed_star(%L, %L)', pipeline, surplus));
		PERFORM sessionize.run_on_coordinator(format('SELECT sessionize.drop_distributed_rollups(%L, %L)', pipeline, surplus));
	END IF;
	PERFORM sessionize.run_on_coordinator(format('SELECT sessionize.make_distributed_star(%L, %L)', pipeline, state -> 'relations'));
	PERFORM sessionize.run_on_all_servers(format('SELECT sessionize.fit_distributed_star(%L, %L)', pipeline, state -> 'relations'));
	PERFORM sessionize.run_on_coordinator(format('SELECT sessionize.make_distributed_views(%L, %L)', pipeline, state -> 'relations'));
END $$;
COMMENT ON FUNCTION sessionize.follow_shards IS 'Internal: record the definition that the shards of a distributed pipeline have now, and give the whole star their relations and columns';

CREATE FUNCTION sessionize.star_follows(pipeline name, state jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN EXISTS (SELECT FROM sessionize.distributed_pipelines AS d WHERE d.pipeline_name = pipeline AND d.definition = state -> 'definition' AND d.plan = state -> 'plan')
		AND NOT EXISTS (
			SELECT FROM jsonb_array_elements(state -> 'relations') AS w
			WHERE (SELECT jsonb_object_agg(c.value ->> 'name', c.value ->> 'type') FROM jsonb_array_elements(w.value -> 'columns') AS c WHERE c.value ->> 'name' <> w.value ->> 'key')
			IS DISTINCT FROM (SELECT jsonb_object_agg(a.attname, format_type(a.atttypid, a.atttypmod)) FROM pg_attribute AS a
			                  WHERE a.attrelid = to_regclass(format('%I.%I', pipeline, w.value ->> 'table')) AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> w.value ->> 'key'));
END $$;
COMMENT ON FUNCTION sessionize.star_follows IS 'Internal: whether the star of a distributed pipeline has what its shards have: the definition, and on this server the relations and columns';

CREATE FUNCTION sessionize.keep_shard_call(pipeline name, function text, command text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM sessionize.run_on_all_servers(format('SELECT sessionize.note_shard_call(%L, %L, %L)', pipeline, function, command));
END $$;
COMMENT ON FUNCTION sessionize.keep_shard_call IS 'Internal: have all servers keep a call that is to be made again for shards that are new';

CREATE FUNCTION sessionize.let_readers_read(pipeline name, relation text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	readers text := (SELECT string_agg(r.reader, ', ') FROM (
		SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS reader
		FROM sessionize.star_tables(pipeline) AS t JOIN pg_class AS c ON c.oid = t.star_table, aclexplode(c.relacl) AS a
		WHERE t.table_name = ANY (sessionize.star_relations()) AND a.privilege_type = 'SELECT' AND a.grantee <> c.relowner
		GROUP BY 1 HAVING count(DISTINCT c.oid) = cardinality(sessionize.star_relations())) AS r);
BEGIN
	IF readers IS NOT NULL THEN
		EXECUTE format('GRANT SELECT ON %s TO %s', relation, readers);
	END IF;
END $$;
COMMENT ON FUNCTION sessionize.let_readers_read IS 'Internal: let the roles that may read all relations of a distributed star read a new one as well';

CREATE FUNCTION sessionize.make_distributed_star(pipeline name, relations jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	source regclass := (SELECT d.source FROM sessionize.distributed_pipelines AS d WHERE d.pipeline_name = pipeline);
	key text := (SELECT format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attcollation <> 0 THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END
	             FROM pg_attribute AS a WHERE a.attrelid = source AND a.attname = sessionize.distribution_column(source));
	relation jsonb;
	name text;
BEGIN
	IF to_regnamespace(quote_ident(pipeline)) IS NULL THEN
		EXECUTE format('CREATE SCHEMA %I', pipeline);
		EXECUTE format('COMMENT ON SCHEMA %I IS %L', pipeline, 'the star of distributed pipeline ' || pipeline);
	END IF;
	FOR relation IN SELECT e.value FROM jsonb_array_elements(relations) AS e LOOP
		name := format('%I.%I', pipeline, relation ->> 'table');
		CONTINUE WHEN to_regclass(name) IS NOT NULL;
		EXECUTE format('CREATE TABLE %s (%s)', name, (SELECT string_agg(format('%I %s', c.value ->> 'name',
			CASE c.value ->> 'name' WHEN relation ->> 'key' THEN key ELSE c.value ->> 'type' END), ', ' ORDER BY c.ordinality) FROM jsonb_array_elements(relation -> 'columns') WITH ORDINALITY AS c));
		EXECUTE format('COMMENT ON TABLE %s IS %L', name, relation ->> 'comment');
		PERFORM create_distributed_table(name::regclass, relation ->> 'key', colocate_with => source::text);
		PERFORM sessionize.let_readers_read(pipeline, name);
	END LOOP;
END $$;
COMMENT ON FUNCTION sessionize.make_distributed_star IS 'Internal: create the distributed tables of a star that are not there yet';

CREATE FUNCTION sessionize.make_distributed_views(pipeline name, relations jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	relation jsonb;
	name text;
	body text;
BEGIN
	PERFORM set_config('citus.enable_ddl_propagation', 'off', true);
	FOR relation IN SELECT e.value FROM jsonb_array_elements(relations) AS e WHERE e.value ->> 'table' <> e.value ->> 'relation' LOOP
		name := format('%I.%I', pipeline, relation ->> 'relation');
		-- a rollup with other columns has another table, and its view was dropped with the former one
		CONTINUE WHEN obj_description(to_regclass(name), 'pg_class') = relation ->> 'comment';
		SELECT format('SELECT %s FROM %I.%I AS s%s',
			string_agg(CASE WHEN relation -> 'by' ? (c.value ->> 'name') THEN format('s.%I', c.value ->> 'name') ELSE format('sum(s.%1$I)::%2$s AS %1$I', c.value ->> 'name', c.value ->> 'type') END, ', ' ORDER BY c.ordinality),
			pipeline, relation ->> 'table',
			' GROUP BY ' || string_agg(format('s.%I', c.value ->> 'name'), ', ' ORDER BY c.ordinality) FILTER (WHERE relation -> 'by' ? (c.value ->> 'name')))
		INTO body FROM jsonb_array_elements(relation -> 'columns') WITH ORDINALITY AS c WHERE c.value ->> 'name' <> relation ->> 'key';
		EXECUTE format('CREATE VIEW %s AS %s', name, body);
		EXECUTE format('COMMENT ON VIEW %s IS %L', name, relation ->> 'comment');
		PERFORM sessionize.let_readers_read(pipeline, name);
	END LOOP;
END $$;
COMMENT ON FUNCTION sessionize.make_distributed_views IS 'Internal: create the views that add up the rollups of all shards';

CREATE FUNCTION sessionize.remove_distributed(pipeline name, cascade boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM sessionize.run_on_all_servers(format('SELECT sessionize.empty_distributed_star(%L)', pipeline));
	PERFORM sessionize.run_on_coordinator(format('SELECT sessionize.drop_distributed_star(%L)', pipeline));
	PERFORM sessionize.run_on_all_servers(format('SELECT sessionize.drop_shard_pipelines(%L, %L)', pipeline, cascade));
	-- the coordinator forgets it last: as long as it knows of it, drop_pipeline can be called again
	PERFORM sessionize.run_on_all_servers(format('SELECT sessionize.forget_distributed(%L)', pipeline), with_coordinator => false);
	PERFORM sessionize.run_on_coordinator(format('SELECT sessionize.forget_distributed(%L)', pipeline));
END $$;
COMMENT ON FUNCTION sessionize.remove_distributed IS 'Internal: remove what there is of a distributed pipeline';

CREATE FUNCTION sessionize.drop_distributed(pipeline name, cascade boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	dependents text := sessionize.distributed_dependents(pipeline);
BEGIN
	-- asked before anything is dropped, which happens on several servers
	IF dependents IS NOT NULL AND NOT cascade THEN
		RAISE EXCEPTION 'cannot drop distributed pipeline "%" because other objects depend on it', pipeline
		USING DETAIL = format('They are %s.', dependents), ERRCODE = 'dependent_objects_still_exist',
			HINT = format('Drop or move them first, or drop them too by SELECT sessionize.drop_pipeline(%L, cascade => true);', pipeline);
	END IF;
	PERFORM sessionize.remove_distributed(pipeline, cascade);
END $$;
COMMENT ON FUNCTION sessionize.drop_distributed IS 'Internal: drop_pipeline of a distributed pipeline';

CREATE FUNCTION sessionize.distributed_dependents(pipeline name) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	star oid := to_regnamespace(quote_ident(pipeline));
BEGIN
	RETURN (SELECT string_agg(DISTINCT o.object, ', ' ORDER BY o.object) FROM (
		-- what reads the star from another schema
		SELECT pg_describe_object('pg_class'::regclass, r.ev_class, 0) AS object
		FROM pg_class AS c JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.classid = 'pg_rewrite'::regclass
		JOIN pg_rewrite AS r ON r.oid = d.objid JOIN pg_class AS v ON v.oid = r.ev_class
		WHERE c.relnamespace = star AND v.relnamespace <> star
		UNION ALL
		-- what else needs its relations or their row types, such as a function
		SELECT pg_describe_object(d.classid, d.objid, 0)
		FROM pg_class AS c LEFT JOIN pg_type AS t ON t.oid = c.reltype JOIN pg_depend AS d
		ON (d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid) OR (d.refclassid = 'pg_type'::regclass AND d.refobjid IN (t.oid, t.typarray))
		WHERE c.relnamespace = star AND d.deptype = 'n' AND d.classid <> 'pg_rewrite'::regclass
		UNION ALL
		-- what is in the schema and not the star's: neither one of its tables nor the view of a rollup
		SELECT pg_describe_object(d.classid, d.objid, 0)
		FROM pg_depend AS d LEFT JOIN pg_class AS c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
		WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = star AND d.deptype = 'n'
		AND NOT EXISTS (SELECT FROM sessionize.star_tables(pipeline) AS t WHERE t.star_table = c.oid OR (c.relkind = 'v' AND t.table_name = c.relname || '_shards'))
	) AS o);
END $$;
COMMENT ON FUNCTION sessionize.distributed_dependents IS 'Internal: what would be dropped together with the star of a distributed pipeline and is no part of it; NULL: nothing';

CREATE FUNCTION sessionize.drop_distributed_star(pipeline name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF to_regnamespace(quote_ident(pipeline)) IS NOT NULL AND EXISTS (SELECT FROM sessionize.distributed_pipelines AS d WHERE d.pipeline_name = pipeline) THEN
		EXECUTE format('DROP SCHEMA %I CASCADE', pipeline);
	END IF;
END $$;
COMMENT ON FUNCTION sessionize.drop_distributed_star IS 'Internal: drop the distributed tables of a star, whose shards are tables';

CREATE FUNCTION sessionize.drop_distributed_rollups(pipeline name, tables text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY tables LOOP
		SET LOCAL citus.enable_ddl_propagation = off;
		EXECUTE format('DROP VIEW IF EXISTS %I.%I', pipeline, left(name, -length('_shards')));
		SET LOCAL citus.enable_ddl_propagation = on;
		EXECUTE format('DROP TABLE %I.%I', pipeline, name);
	END LOOP;
END $$;
COMMENT ON FUNCTION sessionize.drop_distributed_rollups IS 'Internal: drop rollups of a star that its shards have no longer';

CREATE FUNCTION sessionize.grant_distributed_reader(pipeline name, reader regrole) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET citus.enable_ddl_propagation = on
AS $$
BEGIN
	EXECUTE format('GRANT USAGE ON SCHEMA %I TO %s', pipeline, reader);
	EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %s', pipeline, reader);
END $$;
COMMENT ON FUNCTION sessionize.grant_distributed_reader IS 'Internal: grant_reader of a distributed pipeline';

CREATE FUNCTION sessionize.revoke_distributed_reader(pipeline name, reader regrole) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET citus.enable_ddl_propagation = on
AS $$
BEGIN
	EXECUTE format('REVOKE SELECT ON ALL TABLES IN SCHEMA %I FROM %s', pipeline, reader);
	EXECUTE format('REVOKE USAGE ON SCHEMA %I FROM %s', pipeline, reader);
END $$;
COMMENT ON FUNCTION sessionize.revoke_distributed_reader IS 'Internal: revoke_reader of a distributed pipeline';

CREATE FUNCTION sessionize.star_horizon(pipeline name) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- an orphan counts if there is nothing else: the seal may have moved on since it was left behind
	RETURN (SELECT h.value -> 'horizon' FROM sessionize.run_on_all_servers(format('SELECT sessionize.shard_horizons(%L)', pipeline)) AS r, jsonb_array_elements(r::jsonb) AS h
	        ORDER BY (h.value -> 'is_orphan')::boolean, (h.value #>> '{horizon,sealed_before}')::timestamptz DESC NULLS LAST LIMIT 1);
END $$;
COMMENT ON FUNCTION sessionize.star_horizon IS 'Internal: the latest horizon of the pipelines of all shards, also of those that are no longer where they were';

CREATE FUNCTION sessionize.is_coordinator() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF to_regclass('pg_catalog.pg_dist_local_group') IS NULL OR NOT EXISTS (SELECT FROM sessionize.distributed_pipelines) THEN
		RETURN false;
	END IF;
	RETURN (SELECT l.groupid FROM pg_dist_local_group AS l) = 0;
END $$;
COMMENT ON FUNCTION sessionize.is_coordinator IS 'Internal: whether there are distributed pipelines, and this is the server on which they are one';

CREATE FUNCTION sessionize.shard_rows(command text) RETURNS SETOF jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 10 SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF sessionize.is_coordinator() THEN
		RETURN QUERY SELECT e.value FROM sessionize.distributed_pipelines AS d, sessionize.run_on_shards(d.pipeline_name, command, tolerant => true) AS r, jsonb_array_elements(r.result::jsonb) AS e;
	END IF;
END $$;
COMMENT ON FUNCTION sessionize.shard_rows IS 'Internal: the rows that a query finds for the shards of all distributed pipelines; none from servers that do not answer';

CREATE FUNCTION sessionize.shard_statuses()
RETURNS TABLE (pipeline name, shard_id bigint, node text, shard_pipeline name, error text, status jsonb)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 10 SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF sessionize.is_coordinator() THEN
		RETURN QUERY
		SELECT d.pipeline_name, s.shard_id, s.node_name || ':' || s.node_port, s.shard_pipeline,
		       coalesce(r.error, r.result::jsonb ->> 'problem', CASE WHEN r.result IS NULL THEN 'the shard has no pipeline'
			WHEN coalesce(r.result::jsonb #>> '{status,sealed_before}', '-infinity')::timestamptz < max((r.result::jsonb #>> '{status,sealed_before}')::timestamptz) OVER (PARTITION BY d.pipeline_name)
			THEN 'it is not sealed as far as other shards are' END), r.result::jsonb -> 'status'
		FROM sessionize.distributed_pipelines AS d, sessionize.shards(d.pipeline_name) AS s
		JOIN sessionize.run_on_shards(d.pipeline_name, 'SELECT jsonb_build_object(''status'', to_jsonb(s), ''problem'', sessionize.shard_problem(' || sessionize.escaped_literal(d.pipeline_name)
			|| ', %1$L, ' || concat_ws(', ', sessionize.escaped_literal(d.definition), sessionize.escaped_literal(d.plan), sessionize.escaped_literal(sessionize.star_table_names(d.pipeline_name))) || ')) FROM sessionize.pipeline_status_here AS s WHERE s.pipeline_name = %1$L', tolerant => true) AS r USING (shard_id)
		UNION ALL
		SELECT d.pipeline_name, NULL, NULL, NULL, 'the raw table was dropped', NULL FROM sessionize.distributed_pipelines AS d WHERE NOT EXISTS (SELECT FROM sessionize.shards(d.pipeline_name));
	END IF;
END $$;
COMMENT ON FUNCTION sessionize.shard_statuses IS 'Internal: the state of the pipelines of all shards of distributed pipelines';

CREATE FUNCTION sessionize.distributed_status() RETURNS SETOF jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 10 SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY
	SELECT jsonb_build_object('pipeline_name', s.pipeline, 'scheduled_by', string_agg(DISTINCT s.status ->> 'scheduled_by', ', '), 'every', max((s.status ->> 'every')::interval),
		'on_commit', bool_and((s.status ->> 'on_commit')::boolean), 'state', string_agg(DISTINCT s.status ->> 'state', ', '), 'next_pass', min((s.status ->> 'next_pass')::timestamptz),
		'last_success', min((s.status ->> 'last_success')::timestamptz), 'failures', max((s.status ->> 'failures')::int), 'last_error', min(s.status ->> 'last_error'),
		'last_error_at', max((s.status ->> 'last_error_at')::timestamptz), 'backoff_until', max((s.status ->> 'backoff_until')::timestamptz),
		'pending_rows', CASE WHEN bool_and(s.status ->> 'pending_rows' IS NOT NULL) THEN sum((s.status ->> 'pending_rows')::bigint) END,
		'pending_keys', CASE WHEN bool_and(s.status ->> 'pending_keys' IS NOT NULL) THEN sum((s.status ->> 'pending_keys')::bigint) END,
		'pending_since', min((s.status ->> 'pending_since')::timestamptz), 'lag', max((s.status ->> 'lag')::interval),
		'oldest_writer_since', min((s.status ->> 'oldest_writer_since')::timestamptz),
		'watermark', CASE WHEN bool_and(s.status ->> 'watermark' IS NOT NULL) THEN min((s.status ->> 'watermark')::timestamptz) END,
		'capture', string_agg(DISTINCT s.status ->> 'capture', ', '), 'problem', string_agg(DISTINCT coalesce(s.error, s.status ->> 'problem'), '; '),
		'needs_rebuild', string_agg(DISTINCT s.status ->> 'needs_rebuild', ', '), 'failed_keys', sum((s.status ->> 'failed_keys')::bigint),
		'pending_large_keys', sum((s.status ->> 'pending_large_keys')::bigint), 'sealed_before', min((s.status ->> 'sealed_before')::timestamptz), 'late_rows', sum((s.status ->> 'late_rows')::bigint))
	FROM sessionize.shard_statuses() AS s GROUP BY s.pipeline;
END $$;
COMMENT ON FUNCTION sessionize.distributed_status IS 'Internal: the rows of pipeline_status for distributed pipelines: what is least complete of their shards';

-- On each server, for the shards that it has.

CREATE FUNCTION sessionize.local_raw_table(pipeline name) RETURNS regclass
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT coalesce(c.oid, (
			-- when Citus activates a server, it makes all distributed tables there anew, but not their shards
			SELECT s.logicalrelid FROM sessionize.pipelines AS p JOIN pg_dist_shard AS s ON p.pipeline_name = (pipeline || '_' || s.shardid)::name
			WHERE p.id_name = pipeline LIMIT 1))::regclass
		FROM sessionize.distributed_pipelines AS d LEFT JOIN pg_class AS c ON c.oid = d.source WHERE d.pipeline_name = pipeline);
END $$;
COMMENT ON FUNCTION sessionize.local_raw_table IS 'Internal: the raw table of a distributed pipeline on this server';

CREATE FUNCTION sessionize.local_shards(pipeline name)
RETURNS TABLE (shard_id bigint, shard_pipeline name, shard_table regclass, range_start text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET citus.override_table_visibility = off
AS $$
BEGIN
	IF to_regclass('pg_catalog.pg_dist_shard') IS NOT NULL THEN
		RETURN QUERY
		SELECT s.shardid, (pipeline || '_' || s.shardid)::name, to_regclass(sessionize.shard_table(s.logicalrelid, s.shardid)), s.shardminvalue
		FROM pg_dist_shard AS s JOIN pg_dist_placement AS p USING (shardid)
		WHERE s.logicalrelid = sessionize.local_raw_table(pipeline) AND p.groupid = (SELECT l.groupid FROM pg_dist_local_group AS l);
	END IF;
END $$;
COMMENT ON FUNCTION sessionize.local_shards IS 'Internal: the shards of a distributed pipeline''s raw table that this server has';

CREATE FUNCTION sessionize.local_star_shards(pipeline name, of_table name DEFAULT NULL)
RETURNS TABLE (star_table regclass, relation text, kind "char", shard_pipeline name)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET citus.override_table_visibility = off
AS $$
BEGIN
	IF to_regclass('pg_catalog.pg_dist_shard') IS NULL THEN
		RETURN;
	END IF;
	RETURN QUERY
	SELECT c.star_table, t.relation, (SELECT r.relkind FROM pg_class AS r WHERE r.oid = to_regclass(t.relation)), l.shard_pipeline
	FROM sessionize.star_tables(pipeline) AS c JOIN pg_dist_shard AS s ON s.logicalrelid = c.star_table JOIN pg_dist_placement AS p USING (shardid)
	CROSS JOIN LATERAL sessionize.shard_table(c.star_table, s.shardid) AS t (relation)
	LEFT JOIN sessionize.local_shards(pipeline) AS l ON l.range_start = s.shardminvalue
	WHERE (of_table IS NULL OR c.table_name = of_table)
	AND p.groupid = (SELECT g.groupid FROM pg_dist_local_group AS g);
END $$;
COMMENT ON FUNCTION sessionize.local_star_shards IS 'Internal: the shards of a star that this server has: views on the pipelines of the raw table''s shards, or tables which follow nothing';

CREATE FUNCTION sessionize.shard_pipelines(pipeline name) RETURNS TABLE (shard_pipeline name, source regclass, is_orphan boolean)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY
	SELECT p.pipeline_name, p.source, NOT EXISTS (SELECT FROM sessionize.local_shards(pipeline) AS l WHERE l.shard_pipeline = p.pipeline_name AND l.shard_table = p.source)
	FROM sessionize.pipelines AS p WHERE p.id_name = pipeline AND p.pipeline_name ~ '_[0-9]+$' AND left(p.pipeline_name, length(pipeline) + 1) = pipeline || '_'
	-- a user's own pipeline may have such a name, but not on a table that has the number of a shard
	AND NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = p.source AND substring(c.relname FROM '_[0-9]+$') IS DISTINCT FROM substring(p.pipeline_name FROM '_[0-9]+$'));
END $$;
COMMENT ON FUNCTION sessionize.shard_pipelines IS 'Internal: the pipelines on this server that are parts of a distributed one; orphans are those whose shard is no longer here';

CREATE FUNCTION sessionize.shard_horizons(pipeline name) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object('horizon', jsonb_build_object('sealed_before', p.sealed_before), 'is_orphan', s.is_orphan)), '[]')
	        FROM sessionize.shard_pipelines(pipeline) AS s JOIN sessionize.pipelines AS p ON p.pipeline_name = s.shard_pipeline);
END $$;
COMMENT ON FUNCTION sessionize.shard_horizons IS 'Internal: the horizons of the pipelines on this server that are parts of a distributed one';

CREATE FUNCTION sessionize.shard_problems(of_pipeline name DEFAULT NULL)
RETURNS TABLE (pipeline name, problem text, misleads boolean)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	FOR pipeline IN SELECT d.pipeline_name FROM sessionize.distributed_pipelines AS d WHERE of_pipeline IS NULL OR d.pipeline_name = of_pipeline LOOP
		misleads := true;
		FOR problem IN
			SELECT format('shard %s has no pipeline on this server', l.shard_table) FROM sessionize.local_shards(pipeline) AS l
			WHERE NOT EXISTS (SELECT FROM sessionize.pipelines AS p WHERE p.pipeline_name = l.shard_pipeline AND p.source = l.shard_table)
			UNION ALL
			SELECT s.relation || CASE WHEN s.kind IS NULL THEN ' is missing' ELSE ' is a copy that a move of its shard has left, and follows nothing' END FROM sessionize.local_star_shards(pipeline) AS s WHERE s.kind IS DISTINCT FROM 'v'
		LOOP RETURN NEXT; END LOOP;
		misleads := false;
		FOR problem IN
			SELECT format('pipeline %s has no shard on this server any more', p.shard_pipeline) FROM sessionize.shard_pipelines(pipeline) AS p WHERE p.is_orphan
		LOOP RETURN NEXT; END LOOP;
	END LOOP;
	-- a server that was added since has no record of the pipeline, but shards of its star
	IF to_regclass('pg_catalog.pg_dist_shard') IS NOT NULL THEN
		misleads := true;
		FOR pipeline IN
			SELECT DISTINCT n.nspname FROM pg_dist_shard AS s JOIN pg_dist_placement AS p USING (shardid)
			JOIN pg_class AS c ON c.oid = s.logicalrelid AND c.relname = 'session_alias' JOIN pg_namespace AS n ON n.oid = c.relnamespace
			WHERE p.groupid = (SELECT l.groupid FROM pg_dist_local_group AS l) AND pg_has_role(c.relowner, 'USAGE') AND (of_pipeline IS NULL OR n.nspname = of_pipeline)
			AND EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'old_session_id')
			AND NOT EXISTS (SELECT FROM sessionize.distributed_pipelines AS d WHERE d.pipeline_name = n.nspname)
		LOOP
			problem := format('this server has shards of the star %I, and no pipelines for them', pipeline);
			RETURN NEXT;
		END LOOP;
	END IF;
END $$;
COMMENT ON FUNCTION sessionize.shard_problems IS 'what is wrong with this server''s parts of distributed pipelines, which attach_shards mends; misleads: results of the whole pipeline would be wrong';

CREATE FUNCTION sessionize.outdated_shards(pipeline name, definition jsonb, plan jsonb) RETURNS TABLE (shard_pipeline name, problem text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY SELECT l.shard_pipeline, format('pipeline %s has another definition than the distributed pipeline', l.shard_pipeline) FROM sessionize.local_shards(pipeline) AS l
		JOIN sessionize.pipelines AS p ON p.pipeline_name = l.shard_pipeline AND p.source = l.shard_table
		-- the order of measures, dimensions and rollups does not count
		WHERE NOT (sessionize.definition(l.shard_pipeline) @> outdated_shards.definition AND sessionize.definition(l.shard_pipeline) <@ outdated_shards.definition)
		OR sessionize.tracking_plan(l.shard_pipeline) <> outdated_shards.plan;
END $$;
COMMENT ON FUNCTION sessionize.outdated_shards IS 'Internal: which pipelines of this server''s shards don''t have the definition and the contracts that all are to have, as after a failed call or on a server that was restored';

CREATE FUNCTION sessionize.unknown_tables(pipeline name, tables text[]) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT format('server %s:%s does not know ', n.nodename, n.nodeport) || u.names FROM (SELECT string_agg(format('%I.%I', pipeline, t.name), ', ') AS names
		FROM unnest(tables) AS t (name) WHERE t.name <> ALL (sessionize.star_table_names(pipeline))) AS u
		LEFT JOIN pg_dist_node AS n ON n.groupid = (SELECT l.groupid FROM pg_dist_local_group AS l) AND n.noderole = 'primary');
END $$;
COMMENT ON FUNCTION sessionize.unknown_tables IS 'Internal: which tables of a star this server lacks, as one does that was restored from an older backup; NULL: none';

CREATE FUNCTION sessionize.missing_columns(pipeline name, shard_pipeline name) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET citus.override_table_visibility = off
AS $$
BEGIN
	RETURN (SELECT string_agg(DISTINCT a.attname, ', ') FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = to_regclass(format('%I.%I', shard_pipeline, c.relname)) AND a.attnum > 0 AND NOT a.attisdropped
	        WHERE c.relnamespace = to_regnamespace(quote_ident(pipeline)) AND c.relname IN ('sessions', 'events')
	        AND NOT EXISTS (SELECT FROM pg_attribute AS o WHERE o.attrelid = c.oid AND o.attname = a.attname AND NOT o.attisdropped));
END $$;
COMMENT ON FUNCTION sessionize.missing_columns IS 'Internal: columns that a shard''s pipeline has and the whole star on this server not yet';

CREATE FUNCTION sessionize.shard_problem(pipeline name, shard_pipeline name, definition jsonb, plan jsonb, tables text[]) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN coalesce(
		sessionize.unknown_tables(pipeline, tables),
		(SELECT string_agg(s.relation || CASE WHEN s.kind IS NULL THEN ' is missing' ELSE ' follows nothing' END, ', ') FROM sessionize.local_star_shards(pipeline) AS s
		 WHERE s.shard_pipeline = shard_problem.shard_pipeline AND s.kind IS DISTINCT FROM 'v'),
		(SELECT o.problem FROM sessionize.outdated_shards(pipeline, shard_problem.definition, plan) AS o WHERE o.shard_pipeline = shard_problem.shard_pipeline),
		'the star does not have these columns yet: ' || sessionize.missing_columns(pipeline, shard_pipeline));
END $$;
COMMENT ON FUNCTION sessionize.shard_problem IS 'Internal: why the star is not what the pipeline of a shard is, or this not what it is to be; NULL: all is right';

CREATE FUNCTION sessionize.shard_state(shard_pipeline text) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT jsonb_build_object('built', s.needs_rebuild IS DISTINCT FROM 'not built',
		'schedule', CASE WHEN s.scheduled_by IS NOT NULL THEN jsonb_build_object('every', s.every, 'on_commit', s.on_commit, 'paused', s.state = 'paused') END)
		FROM sessionize.pipeline_status_here AS s WHERE s.pipeline_name = shard_pipeline);
END $$;
COMMENT ON FUNCTION sessionize.shard_state IS 'Internal: whether a shard''s pipeline was built, and its schedule; NULL: there is none';

CREATE FUNCTION sessionize.change_shard(pipeline name, shard_pipeline name, call text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	result text;
	relation text;
BEGIN
	BEGIN
		EXECUTE format(call, shard_pipeline) INTO result;
		RETURN result;
	EXCEPTION WHEN dependent_objects_still_exist THEN
		NULL;
	END;
	-- a column or a rollup is dropped: the shards of the star are views over it, and are made anew
	PERFORM set_config('citus.enable_ddl_propagation', 'off', true), set_config('citus.override_table_visibility', 'off', true);
	FOR relation IN SELECT s.relation FROM sessionize.local_star_shards(pipeline) AS s WHERE s.shard_pipeline = change_shard.shard_pipeline AND s.kind = 'v' LOOP
		EXECUTE 'DROP VIEW ' || relation;
	END LOOP;
	EXECUTE format(call, shard_pipeline) INTO result;
	PERFORM sessionize.put_view(s.relation, s.kind, CASE WHEN w.value IS NULL THEN sessionize.empty_query(s.star_table) ELSE sessionize.shard_query(s.star_table, w.value, s.shard_pipeline) END, s.star_table)
	FROM sessionize.local_star_shards(pipeline) AS s JOIN pg_class AS c ON c.oid = s.star_table
	LEFT JOIN jsonb_array_elements(sessionize.shard_relations(change_shard.shard_pipeline)) AS w ON w.value ->> 'table' = c.relname
	WHERE s.shard_pipeline = change_shard.shard_pipeline AND s.kind IS NULL;
	RETURN result;
END $$;
COMMENT ON FUNCTION sessionize.change_shard IS 'Internal: make a call for the pipeline of a shard, also one that drops what the star has views over';

CREATE FUNCTION sessionize.empty_query(shell regclass) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT 'SELECT ' || string_agg(format('NULL::%s AS %I', format_type(a.atttypid, a.atttypmod), a.attname), ', ' ORDER BY a.attnum) || ' WHERE false'
	        FROM pg_attribute AS a WHERE a.attrelid = shell AND a.attnum > 0 AND NOT a.attisdropped);
END $$;
COMMENT ON FUNCTION sessionize.empty_query IS 'Internal: a query with the columns of a star''s table and no rows, for a shard of a table that is about to be dropped';

CREATE FUNCTION sessionize.ensure_shard(shard_pipeline name, shard_table text, pipeline name, definition jsonb, horizon jsonb) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	present regclass;
	orphan text;
	aliases jsonb := '[]';
	created boolean := false;
BEGIN
	PERFORM set_config('citus.enable_ddl_propagation', 'off', true), set_config('citus.override_table_visibility', 'off', true);
	SELECT p.source INTO present FROM sessionize.shard_pipelines(pipeline) AS p WHERE p.shard_pipeline = ensure_shard.shard_pipeline;
	IF FOUND AND present IS DISTINCT FROM shard_table::regclass THEN
		-- the shard was here before: what it was then is of no use, unless only it has something
		aliases := sessionize.orphan_aliases(shard_pipeline, pipeline);
		orphan := sessionize.drop_orphan(shard_pipeline, pipeline, jsonb_array_length(aliases));
		IF orphan ~ 'kept' THEN
			RAISE EXCEPTION 'pipeline "%" is left from when its shard was on this server before, and can''t be dropped', shard_pipeline
			USING DETAIL = orphan || '.', ERRCODE = 'object_not_in_prerequisite_state',
				HINT = format('On this server, save from the tables sealed and session_alias of schema %1$I what is to be kept; then SET citus.enable_ddl_propagation = off; SELECT sessionize.drop_pipeline(%1$L, cascade => true);', shard_pipeline);
		END IF;
		present := NULL;
	END IF;
	IF present IS NULL THEN
		PERFORM sessionize.drop_stray_triggers(shard_table::regclass);
		PERFORM sessionize.create_pipeline(shard_pipeline, shard_table, definition);
		PERFORM sessionize.adopt_shard(shard_pipeline, pipeline, horizon), sessionize.add_aliases(shard_pipeline, aliases);
		created := true;
	ELSIF NOT (sessionize.definition(shard_pipeline) @> definition AND sessionize.definition(shard_pipeline) <@ definition) THEN
		PERFORM sessionize.change_shard(pipeline, shard_pipeline, 'SELECT sessionize.alter_pipeline(%1$L, definition => ' || sessionize.escaped_literal(definition) || ')');
	END IF;
	RETURN CASE WHEN created THEN 'created' ELSE 'found' END;
END $$;
COMMENT ON FUNCTION sessionize.ensure_shard IS 'Internal: create the pipeline of a shard that this server has, or give it the definition that it is to have';

CREATE FUNCTION sessionize.ensure_plan(shard_pipeline name, plan jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM set_config('citus.enable_ddl_propagation', 'off', true), set_config('citus.override_table_visibility', 'off', true);
	IF sessionize.tracking_plan(shard_pipeline) IS DISTINCT FROM plan THEN
		PERFORM sessionize.apply_tracking_plan(shard_pipeline, plan, dry_run => false);
	END IF;
END $$;
COMMENT ON FUNCTION sessionize.ensure_plan IS 'Internal: give the pipeline of a shard the contracts that it is to have';

CREATE FUNCTION sessionize.drop_stray_triggers(shard_table regclass) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	stray name;
BEGIN
	-- not those of a pipeline that there is, whoever owns it: its view "source" reads the table
	FOR stray IN SELECT t.tgname FROM pg_trigger AS t JOIN pg_proc AS f ON f.oid = t.tgfoid
			WHERE t.tgrelid = shard_table AND NOT t.tgisinternal AND t.tgparentid = 0 AND f.pronamespace = 'sessionize'::regnamespace AND f.proname IN ('capture', 'capture_truncate')
			AND NOT EXISTS (SELECT FROM pg_depend AS d JOIN pg_rewrite AS r ON r.oid = d.objid JOIN pg_class AS v ON v.oid = r.ev_class
			                WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = shard_table AND v.relname = 'source') LOOP
		EXECUTE format('DROP TRIGGER %I ON %s', stray, shard_table);
	END LOOP;
END $$;
COMMENT ON FUNCTION sessionize.drop_stray_triggers IS 'Internal: drop the triggers of pipelines that are not on this server, which a dump of a shard has brought along';

CREATE FUNCTION sessionize.adopt_shard(shard_pipeline name, pipeline name, horizon jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET citus.override_table_visibility = off
AS $$
DECLARE
	kept record;
	columns text;
	unused record;
	has_sealed boolean := false;
BEGIN
	FOR kept IN SELECT s.relation, c.relname AS star_table FROM sessionize.local_star_shards(pipeline) AS s JOIN pg_class AS c ON c.oid = s.star_table
			WHERE s.shard_pipeline = adopt_shard.shard_pipeline AND s.kind = 'r' AND c.relname IN ('sealed', 'session_alias') LOOP
		-- what sealed rows have of measures that were dropped is there again for measures that take their names
		FOR unused IN SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type FROM pg_attribute AS a
				WHERE kept.star_table = 'sealed' AND a.attrelid = kept.relation::regclass AND a.attnum > 0 AND NOT a.attisdropped
				AND NOT EXISTS (SELECT FROM pg_attribute AS o WHERE o.attrelid = format('%I.sealed', shard_pipeline)::regclass AND o.attname = a.attname AND NOT o.attisdropped) LOOP
			PERFORM sessionize.add_measure(shard_pipeline, unused.name, 'last', 'NULL::' || unused.type);
			PERFORM sessionize.drop_measure(shard_pipeline, unused.name);
		END LOOP;
		SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO columns FROM pg_attribute AS a
		WHERE a.attrelid = format('%I.%I', shard_pipeline, kept.star_table)::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity = '';
		EXECUTE format('INSERT INTO %1$I.%2$I (%3$s) SELECT %3$s FROM %4$s', shard_pipeline, kept.star_table, columns, kept.relation);
		has_sealed := has_sealed OR kept.star_table = 'sealed';
	END LOOP;
	-- without them all raw rows before the horizon would be late
	IF has_sealed AND horizon ->> 'sealed_before' IS NOT NULL THEN
		PERFORM sessionize.adopt_seal(shard_pipeline, (horizon ->> 'sealed_before')::timestamptz, true);
	END IF;
END $$;
COMMENT ON FUNCTION sessionize.adopt_shard IS 'Internal: take over what can''t be derived again, sealed rows and the former ids of sessions, from the copies that a move has brought along';

CREATE FUNCTION sessionize.shard_relations(shard_pipeline text) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET citus.override_table_visibility = off
AS $$
BEGIN
	RETURN (SELECT jsonb_agg(jsonb_build_object(
		'relation', c.relname, 'table', c.relname || CASE WHEN r.by IS NULL THEN '' ELSE '_shards' END, 'by', r.by, 'comment', obj_description(c.oid, 'pg_class'),
		'key', CASE WHEN r.by IS NULL THEN 'session_key' ELSE 'shard_key' END,
		'columns', CASE WHEN r.by IS NULL THEN '[]' ELSE '[{"name": "shard_key"}]'::jsonb END || (
			SELECT jsonb_agg(jsonb_build_object('name', a.attname, 'type', CASE a.atttypid WHEN 'regclass'::regtype THEN 'text' ELSE format_type(a.atttypid, a.atttypmod) END) ORDER BY a.attnum)
			FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)))
	FROM pg_class AS c LEFT JOIN LATERAL (
		SELECT to_jsonb(u.by) AS by FROM sessionize.rollups AS u WHERE u.pipeline_name = shard_pipeline AND (c.relname = u.rollup OR c.relname = u.rollup || '_live')
	) AS r ON true
	WHERE c.relnamespace = to_regnamespace(quote_ident(shard_pipeline))
	AND (c.relname = ANY (sessionize.star_relations()) OR r.by IS NOT NULL));
END $$;
COMMENT ON FUNCTION sessionize.shard_relations IS 'Internal: the relations of a shard''s pipeline that the whole star has';

CREATE FUNCTION sessionize.fit_distributed_star(pipeline name, relations jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wanted jsonb;
	shell regclass;
	change text;
BEGIN
	PERFORM set_config('citus.enable_ddl_propagation', 'off', true), set_config('citus.override_table_visibility', 'off', true);
	FOR wanted IN SELECT e.value FROM jsonb_array_elements(relations) AS e LOOP
		shell := to_regclass(format('%I.%I', pipeline, wanted ->> 'table'));
		CONTINUE WHEN shell IS NULL;
		-- the shards are views, so Citus can't alter the table; that of each server is altered apart
		FOR change IN
			SELECT format('ALTER TABLE %s DROP COLUMN %I', shell, a.attname) FROM pg_attribute AS a
			WHERE a.attrelid = shell AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> wanted ->> 'key'
			AND NOT EXISTS (SELECT FROM jsonb_array_elements(wanted -> 'columns') AS c WHERE c.value ->> 'name' = a.attname AND c.value ->> 'type' = format_type(a.atttypid, a.atttypmod))
			UNION ALL
			SELECT format('ALTER TABLE %s ADD COLUMN %I %s', shell, c.value ->> 'name', c.value ->> 'type') FROM jsonb_array_elements(wanted -> 'columns') AS c
			WHERE c.value ->> 'name' <> wanted ->> 'key'
			AND NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = shell AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = c.value ->> 'name' AND format_type(a.atttypid, a.atttypmod) = c.value ->> 'type')
		LOOP EXECUTE change; END LOOP;
		PERFORM sessionize.put_view(s.relation, s.kind, sessionize.shard_query(shell, wanted, s.shard_pipeline), shell)
		FROM sessionize.local_star_shards(pipeline, (wanted ->> 'table')::name) AS s WHERE s.shard_pipeline IS NOT NULL;
	END LOOP;
END $$;
COMMENT ON FUNCTION sessionize.fit_distributed_star IS 'Internal: give the tables of a star on this server their columns, and put views on the pipelines of the shards in the place of the tables'' shards';

CREATE FUNCTION sessionize.shard_query(shell regclass, relation jsonb, shard_pipeline name) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT format('SELECT %s FROM %I.%I AS r', string_agg(
		CASE WHEN c.attname IS NOT NULL THEN format('r.%I', a.attname)
		     -- rows of a rollup have no key: one of the shard's, so that a split of the shard finds a place for them
		     WHEN a.attname = relation ->> 'key' THEN format('(SELECT k.session_key FROM %I.fact_session AS k LIMIT 1)', shard_pipeline)
		     ELSE 'NULL' END
		|| '::' || format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attcollation <> 0 THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END || format(' AS %I', a.attname), ', ' ORDER BY a.attnum), shard_pipeline, relation ->> 'relation')
	FROM pg_attribute AS a
	LEFT JOIN pg_attribute AS c ON c.attrelid = to_regclass(format('%I.%I', shard_pipeline, relation ->> 'relation')) AND c.attname = a.attname AND c.attnum > 0 AND NOT c.attisdropped
	WHERE a.attrelid = shell AND a.attnum > 0 AND NOT a.attisdropped);
END $$;
COMMENT ON FUNCTION sessionize.shard_query IS 'Internal: the query of the view that is a shard of a star''s table';

CREATE FUNCTION sessionize.put_view(relation text, kind "char", query text, shell regclass) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET citus.override_table_visibility = off
AS $$
DECLARE
	readers text;
BEGIN
	IF kind = 'v' AND obj_description(to_regclass(relation), 'pg_class') = encode(sha256(convert_to(query, 'UTF8')), 'hex') THEN
		RETURN;
	END IF;
	SELECT string_agg(DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, ', ') INTO readers
	FROM pg_class AS c, aclexplode(c.relacl) AS a WHERE c.oid IN (shell, to_regclass(relation)) AND a.privilege_type = 'SELECT' AND a.grantee <> c.relowner;
	IF kind IS NOT NULL THEN
		EXECUTE format('DROP %s %s', CASE kind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, relation);
	END IF;
	EXECUTE format('CREATE VIEW %s AS %s', relation, query);
	EXECUTE format('COMMENT ON VIEW %s IS %L', relation, encode(sha256(convert_to(query, 'UTF8')), 'hex'));
	IF readers IS NOT NULL THEN
		EXECUTE format('GRANT SELECT ON %s TO %s', relation, readers);
	END IF;
END $$;
COMMENT ON FUNCTION sessionize.put_view IS 'Internal: put a view in the place of a shard of a star''s table, with the same readers; its comment is a digest of its query';

CREATE FUNCTION sessionize.empty_distributed_star(pipeline name, only_tables text[] DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET citus.override_table_visibility = off
AS $$
DECLARE
	shard record;
BEGIN
	PERFORM set_config('citus.enable_ddl_propagation', 'off', true);
	FOR shard IN SELECT s.* FROM sessionize.local_star_shards(pipeline) AS s JOIN pg_class AS c ON c.oid = s.star_table
			WHERE s.kind IS DISTINCT FROM 'r' AND (only_tables IS NULL OR c.relname = ANY (only_tables)) LOOP
		IF shard.kind = 'v' THEN
			EXECUTE format('DROP VIEW %s', shard.relation);
		END IF;
		EXECUTE format('CREATE TABLE %s (LIKE %s)', shard.relation, shard.star_table);
	END LOOP;
END $$;
COMMENT ON FUNCTION sessionize.empty_distributed_star IS 'Internal: make the shards of a star tables again, so that Citus can drop them';

CREATE FUNCTION sessionize.drop_shard_pipelines(pipeline name, cascade boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM set_config('citus.enable_ddl_propagation', 'off', true), set_config('citus.override_table_visibility', 'off', true);
	PERFORM sessionize.drop_pipeline(p.shard_pipeline, cascade) FROM sessionize.shard_pipelines(pipeline) AS p;
END $$;
COMMENT ON FUNCTION sessionize.drop_shard_pipelines IS 'Internal: drop the pipelines of a distributed pipeline on this server';

CREATE FUNCTION sessionize.only_in_orphan(shard_pipeline name, pipeline name, sealed_columns text[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	kept text;
	columns text;
	missing bigint;
	total bigint := 0;
BEGIN
	FOREACH kept IN ARRAY '{sealed,session_alias}'::text[] LOOP
		CONTINUE WHEN to_regclass(format('%I.%I', shard_pipeline, kept)) IS NULL;
		SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO columns FROM pg_attribute AS a
		JOIN pg_attribute AS o ON o.attname = a.attname AND o.attrelid = format('%I.%I', shard_pipeline, kept)::regclass AND o.attnum > 0 AND NOT o.attisdropped
		WHERE a.attrelid = format('%I.%I', pipeline, kept)::regclass AND a.attnum > 0 AND NOT a.attisdropped
		-- the columns of measures that were dropped stay in the table, and don't count
		AND (kept <> 'sealed' OR sealed_columns IS NULL OR a.attname = ANY (sealed_columns));
		EXECUTE format('SELECT count(*) FROM (SELECT %1$s FROM %2$I.%4$I EXCEPT ALL SELECT %1$s FROM %3$I.%4$I) AS d', columns, shard_pipeline, pipeline, kept) INTO missing;
		total := total + missing;
	END LOOP;
	RETURN total;
END $$;
COMMENT ON FUNCTION sessionize.only_in_orphan IS 'Internal: how many sealed rows and former ids of sessions only this orphan has, and the star not';

CREATE FUNCTION sessionize.orphan_aliases(shard_pipeline name, pipeline name) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	aliases jsonb;
BEGIN
	IF to_regclass(format('%I.session_alias', shard_pipeline)) IS NULL OR to_regclass(format('%I.session_alias', pipeline)) IS NULL THEN
		RETURN '[]';
	END IF;
	-- not those of a user who was erased since
	EXECUTE format('SELECT coalesce(jsonb_agg(to_jsonb(a)), ''[]'') FROM (
			SELECT old_session_id, new_session_id, session_key, at, reason FROM %1$I.session_alias EXCEPT ALL
			SELECT old_session_id, new_session_id, session_key, at, reason FROM %2$I.session_alias
		) AS a WHERE a.session_key IN (SELECT s.session_key FROM %2$I.sessions AS s)', shard_pipeline, pipeline) INTO aliases;
	RETURN aliases;
END $$;
COMMENT ON FUNCTION sessionize.orphan_aliases IS 'Internal: the former ids of sessions that an orphan has noted since its shard was copied, of keys that the star has';

CREATE FUNCTION sessionize.all_orphan_aliases(pipeline name) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT coalesce(jsonb_agg(a.value), '[]') FROM sessionize.shard_pipelines(all_orphan_aliases.pipeline) AS p, jsonb_array_elements(sessionize.orphan_aliases(p.shard_pipeline, all_orphan_aliases.pipeline)) AS a WHERE p.is_orphan);
END $$;
COMMENT ON FUNCTION sessionize.all_orphan_aliases IS 'Internal: those of all orphans on this server';

CREATE FUNCTION sessionize.add_aliases(shard_pipeline name, aliases jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format('INSERT INTO %1$I.session_alias (old_session_id, new_session_id, session_key, at, reason)
		SELECT a.old_session_id, a.new_session_id, a.session_key, a.at, a.reason FROM jsonb_populate_recordset(NULL::%1$I.session_alias, $1) AS a', shard_pipeline) USING aliases;
END $$;
COMMENT ON FUNCTION sessionize.add_aliases IS 'Internal: give a shard''s pipeline former ids of sessions that an orphan had';

CREATE FUNCTION sessionize.drop_orphan(shard_pipeline name, pipeline name, carried int DEFAULT 0, sealed_columns text[] DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	missing bigint := sessionize.only_in_orphan(shard_pipeline, pipeline, sealed_columns) - carried;
BEGIN
	IF missing > 0 THEN
		RETURN format('orphan kept: %s sealed rows or former session ids are only there', missing);
	END IF;
	PERFORM set_config('citus.enable_ddl_propagation', 'off', true), set_config('citus.override_table_visibility', 'off', true);
	PERFORM sessionize.drop_pipeline(shard_pipeline, cascade => true);
	RETURN 'orphan dropped';
END $$;
COMMENT ON FUNCTION sessionize.drop_orphan IS 'Internal: drop the pipeline of a shard that is no longer on this server, unless only it has rows that can''t be derived again';

CREATE FUNCTION sessionize.drop_orphans(pipeline name, sealed_columns text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	server text := (SELECT n.nodename || ':' || n.nodeport FROM pg_dist_node AS n WHERE n.groupid = (SELECT l.groupid FROM pg_dist_local_group AS l) AND n.noderole = 'primary');
	orphan name;
	done text;
	orphans jsonb := '[]';
BEGIN
	FOR orphan IN SELECT p.shard_pipeline FROM sessionize.shard_pipelines(drop_orphans.pipeline) AS p WHERE p.is_orphan LOOP
		BEGIN
			done := sessionize.drop_orphan(orphan, drop_orphans.pipeline, 0, sealed_columns);
		EXCEPTION WHEN OTHERS THEN
			-- Citus may be dropping what is left of the shard at this moment
			done := 'orphan kept: ' || SQLERRM;
		END;
		orphans := orphans || jsonb_build_object('orphan', orphan, 'server', server, 'done', done);
	END LOOP;
	RETURN orphans;
END $$;
COMMENT ON FUNCTION sessionize.drop_orphans IS 'Internal: drop the pipelines of shards that are no longer on this server';
