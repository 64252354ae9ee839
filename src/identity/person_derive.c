/*
 * person_derive.c
 *		The persons of a pipeline, derived from dim_user and the user's lists as a whole.
 *
 * Queries do all but the joining of user ids to sets (user_sets.h).  Two user ids are joined
 * directly only if a session key was both, or link_users() says so, so that only such user ids are
 * kept in memory.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#include "catalog/lock.h"
#include "catalog/star_relation.h"
#include "identity/person_derive.h"
#include "identity/user_hash.h"
#include "identity/user_sets.h"
#include "spi/key_relation.h"
#include "spi/row_query.h"
#include "spi/sql.h"
#include "spi/statement.h"

/* The relation of user ids that are not the least of their person (user_sets_rows). */
#define JOINED_USERS "joined_users"

/*
 * judged_sql returns the beginning of a query: star_pairs are the pairs, judged_users the user ids,
 * and whether they are ignored.
 */
static char *
judged_sql(const Pipeline *pipeline)
{
	return star_sql(
		pipeline,
		"WITH star_pairs AS MATERIALIZED (SELECT s.session_key, s.user_id, %s AS user_hash FROM "
		"(SELECT DISTINCT d.session_key, d.user_id FROM @dim_user AS d "
		"WHERE d.session_key" SQL_IS_NOT_NULL " AND d.user_id IS NOT NULL) AS s), "
		"judged_users AS MATERIALIZED (SELECT row_number() OVER () AS number, u.user_hash, "
		"u.user_id, x.user_hash IS NOT NULL AS is_excluded, "
		"u.keys > %d OR x.user_hash IS NOT NULL AS is_ignored FROM "
		"(SELECT a.user_hash, a.user_id, sum(a.keys) AS keys FROM ("
		"SELECT p.user_hash, p.user_id, 1 AS keys FROM star_pairs AS p "
		"UNION ALL SELECT l.user_hash, l.user_id, 0 FROM @user_link AS l "
		"UNION ALL SELECT l.other_hash, l.other_id, 0 FROM @user_link AS l) AS a "
		"GROUP BY a.user_hash, a.user_id) AS u "
		"LEFT JOIN @user_excluded AS x ON x.user_hash = u.user_hash)",
		user_hash_sql(pipeline->id_name, "s.user_id"), pipeline->max_keys_per_user);
}

/*
 * edges_sql returns a query for pairs of user ids that are joined directly: by a session key that
 * was several users, or by a link.
 */
static char *
edges_sql(const Pipeline *pipeline)
{
	return star_sql(
		pipeline,
		"%s, joining_keys AS MATERIALIZED (SELECT p.session_key FROM star_pairs AS p "
		"LEFT JOIN @user_excluded AS x ON x.user_hash = p.user_hash GROUP BY p.session_key "
		"HAVING count(*) > 1 AND count(*) FILTER (WHERE x.user_hash IS NULL) <= %d) "
		"SELECT e.least, e.user_hash FROM (SELECT p.user_hash, first_value(p.user_hash) "
		"OVER (PARTITION BY p.session_key ORDER BY p.user_hash) AS least FROM joining_keys AS k "
		"JOIN star_pairs AS p ON p.session_key %s k.session_key "
		"JOIN judged_users AS u ON u.user_hash = p.user_hash WHERE NOT u.is_ignored) AS e "
		"WHERE e.least <> e.user_hash UNION ALL SELECT l.user_hash, l.other_hash FROM @user_link "
		"AS l JOIN judged_users AS u ON u.user_hash = l.user_hash "
		"JOIN judged_users AS o ON o.user_hash = l.other_hash "
		"WHERE NOT u.is_ignored AND NOT o.is_ignored",
		judged_sql(pipeline), pipeline->max_users_per_key,
		key_equals_sql(pipeline->types[SRC_SESSION_KEY]));
}

/*
 * differences_sql returns the beginning of a query over JOINED_USERS: key_differences,
 * user_differences and link_differences are the rows in which the tables of persons differ from
 * what should be there.  Columns that begin with "was_" are those of the stored row, and NULL
 * if there is none; the others are those of the row that should be there.
 */
static char *
differences_sql(const Pipeline *pipeline)
{
	const char *equals = key_equals_sql(pipeline->types[SRC_SESSION_KEY]);

	return star_sql(
		pipeline,
		"%s, derived_users AS MATERIALIZED (SELECT u.number, u.user_hash, u.user_id, CASE WHEN NOT "
		"u.is_ignored THEN coalesce(j.person_id, u.user_hash) END AS person_id, u.is_ignored, "
		"u.is_excluded FROM judged_users AS u "
		"LEFT JOIN " JOINED_USERS " AS j ON j.user_hash = u.user_hash), "
		"judged_keys AS (SELECT p.session_key, count(*) FILTER (WHERE NOT u.is_excluded) > %d AS "
		"is_ignored, max(u.number) FILTER (WHERE NOT u.is_ignored) AS number FROM star_pairs AS p "
		"JOIN derived_users AS u ON u.user_hash = p.user_hash GROUP BY p.session_key), "
		"derived_keys AS (SELECT k.session_key, k.is_ignored, CASE WHEN NOT k.is_ignored THEN "
		"u.person_id END AS person_id FROM judged_keys AS k "
		"LEFT JOIN derived_users AS u ON u.number = k.number), "
		"key_differences AS MATERIALIZED (SELECT d.session_key, d.person_id, d.is_ignored, "
		"s.session_key AS was_key, s.person_id AS was_person, s.is_ignored AS was_ignored "
		"FROM @person_key AS s FULL JOIN derived_keys AS d ON d.session_key %s s.session_key "
		"WHERE s.person_id IS DISTINCT FROM d.person_id "
		"OR s.is_ignored IS DISTINCT FROM d.is_ignored), "
		"user_differences AS MATERIALIZED (SELECT d.user_hash, d.user_id, d.person_id, "
		"d.is_ignored, s.user_hash AS was_hash, s.user_id AS was_id, s.person_id AS was_person, "
		"s.is_ignored AS was_ignored "
		"FROM @person_user AS s FULL JOIN derived_users AS d ON d.user_hash = s.user_hash "
		"WHERE s.user_id IS DISTINCT FROM d.user_id OR s.person_id IS DISTINCT FROM d.person_id "
		"OR s.is_ignored IS DISTINCT FROM d.is_ignored), "
		"link_differences AS MATERIALIZED (SELECT d.session_key, d.user_hash, "
		"s.session_key AS was_key, s.user_hash AS was_hash FROM @person_link AS s "
		"FULL JOIN star_pairs AS d ON d.session_key %s s.session_key "
		"AND d.user_hash = s.user_hash WHERE s.user_hash IS NULL OR d.user_hash IS NULL)",
		judged_sql(pipeline), pipeline->max_users_per_key, equals, equals);
}

/*
 * join_users joins the two user ids of a row of edges_sql.
 */
static void
join_users(void *arg, TupleTableSlot *slot)
{
	slot_getallattrs(slot);
	user_sets_join(arg, DatumGetUUIDP(slot->tts_values[0]), DatumGetUUIDP(slot->tts_values[1]));
}

/*
 * join_all returns JOINED_USERS, in the active snapshot.
 */
static NamedRows
join_all(const Pipeline *pipeline)
{
	UserSets *sets = user_sets_create();

	row_query(edges_sql(pipeline), join_users, sets);
	return user_sets_rows(sets, JOINED_USERS);
}

/*
 * writes_sql returns a statement over JOINED_USERS that writes all differences.
 */
static char *
writes_sql(const Pipeline *pipeline)
{
	const char *equals = key_equals_sql(pipeline->types[SRC_SESSION_KEY]);

	return star_sql(
		pipeline,
		"%s, more_links AS (INSERT INTO @person_link (session_key, user_hash) "
		"SELECT d.session_key, d.user_hash FROM link_differences AS d "
		"WHERE d.was_hash IS NULL), "
		"less_links AS (DELETE FROM @person_link AS l USING link_differences AS d "
		"WHERE d.user_hash IS NULL AND l.session_key %s d.was_key AND l.user_hash = d.was_hash), "
		"more_users AS (INSERT INTO @person_user (user_hash, user_id, person_id, is_ignored) "
		"SELECT d.user_hash, d.user_id, d.person_id, d.is_ignored FROM user_differences AS d "
		"WHERE d.was_hash IS NULL), "
		"other_users AS (UPDATE @person_user AS u SET user_id = d.user_id, "
		"person_id = d.person_id, is_ignored = d.is_ignored FROM user_differences AS d "
		"WHERE u.user_hash = d.was_hash AND d.user_hash IS NOT NULL), "
		"less_users AS (DELETE FROM @person_user AS u USING user_differences AS d "
		"WHERE u.user_hash = d.was_hash AND d.user_hash IS NULL), "
		"more_keys AS (INSERT INTO @person_key (session_key, person_id, is_ignored) "
		"SELECT d.session_key, d.person_id, d.is_ignored FROM key_differences AS d "
		"WHERE d.was_ignored IS NULL), "
		"other_keys AS (UPDATE @person_key AS k SET person_id = d.person_id, "
		"is_ignored = d.is_ignored FROM key_differences AS d WHERE k.session_key %s d.was_key "
		"AND d.is_ignored IS NOT NULL AND d.was_ignored IS NOT NULL) "
		"DELETE FROM @person_key AS k USING key_differences AS d "
		"WHERE k.session_key %s d.was_key AND d.is_ignored IS NULL",
		differences_sql(pipeline), equals, equals, equals);
}

/*
 * prefer_memory changes settings of the planner for statements over whole tables, until the scope
 * ends.
 */
static void
prefer_memory(void)
{
	(void) set_config_option("work_mem", psprintf("%d", Max(maintenance_work_mem / 4, work_mem)),
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("jit", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
							 false);
}

/*
 * persons_derive makes the tables of persons what they should be.
 */
void
persons_derive(const Pipeline *pipeline)
{
	NamedRows joined;

	pipeline_lock_persons(pipeline);
	prefer_memory();
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	joined = join_all(pipeline);
	PopActiveSnapshot();
	(void) sql_execute_with_named_rows(writes_sql(pipeline), &joined, 1);
	tuplestore_end(joined.rows);
}

/*
 * persons_differences_sql returns a query for the differences between the tables and what should be
 * there.
 */
char *
persons_differences_sql(const Pipeline *pipeline, NamedRows *joined)
{
	prefer_memory();
	*joined = join_all(pipeline);
	return psprintf(
		"%s SELECT 'person_key'::text, CASE WHEN d.was_ignored IS NULL THEN 'missing' "
		"WHEN d.is_ignored IS NULL THEN 'unexpected' ELSE 'different' END, "
		"CASE WHEN d.is_ignored IS NULL THEN d.was_key::text ELSE d.session_key::text END, "
		"CASE WHEN d.was_ignored IS NOT NULL THEN jsonb_build_object('session_key', d.was_key, "
		"'person_id', d.was_person, 'is_ignored', d.was_ignored) END, "
		"CASE WHEN d.is_ignored IS NOT NULL THEN jsonb_build_object('session_key', "
		"d.session_key, 'person_id', d.person_id, 'is_ignored', d.is_ignored) END "
		"FROM key_differences AS d "
		"UNION ALL SELECT 'person_user', CASE WHEN d.was_hash IS NULL THEN 'missing' "
		"WHEN d.user_hash IS NULL THEN 'unexpected' ELSE 'different' END, NULL, "
		"CASE WHEN d.was_hash IS NOT NULL THEN jsonb_build_object('user_id', d.was_id, "
		"'person_id', d.was_person, 'is_ignored', d.was_ignored) END, "
		"CASE WHEN d.user_hash IS NOT NULL THEN jsonb_build_object('user_id', d.user_id, "
		"'person_id', d.person_id, 'is_ignored', d.is_ignored) END "
		"FROM user_differences AS d "
		"UNION ALL SELECT 'person_link', CASE WHEN d.was_hash IS NULL THEN 'missing' "
		"ELSE 'unexpected' END, CASE WHEN d.was_hash IS NULL THEN d.session_key::text "
		"ELSE d.was_key::text END, "
		"CASE WHEN d.was_hash IS NOT NULL THEN jsonb_build_object('session_key', d.was_key, "
		"'user_hash', d.was_hash) END, "
		"CASE WHEN d.user_hash IS NOT NULL THEN jsonb_build_object('session_key', "
		"d.session_key, 'user_hash', d.user_hash) END FROM link_differences AS d",
		differences_sql(pipeline));
}
