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
 * judged_sql returns the beginning of a query: star_pairs are the pairs, judged_users and
 * judged_keys the user ids and keys, and whether they are ignored.
 */
static char *
judged_sql(const Pipeline *pipeline)
{
	return star_sql(
		pipeline,
		"WITH star_pairs AS MATERIALIZED (SELECT s.session_key, s.user_id, %s AS user_hash FROM "
		"(SELECT DISTINCT d.session_key, d.user_id FROM @dim_user AS d "
		"WHERE d.session_key" SQL_IS_NOT_NULL " AND d.user_id IS NOT NULL) AS s), "
		"judged_users AS MATERIALIZED (SELECT u.user_hash, u.user_id, u.keys > %d OR EXISTS ("
		"SELECT FROM @user_excluded AS x WHERE x.user_hash = u.user_hash) AS is_ignored FROM "
		"(SELECT a.user_hash, a.user_id, sum(a.keys) AS keys FROM ("
		"SELECT p.user_hash, p.user_id, 1 AS keys FROM star_pairs AS p "
		"UNION ALL SELECT l.user_hash, l.user_id, 0 FROM @user_link AS l "
		"UNION ALL SELECT l.other_hash, l.other_id, 0 FROM @user_link AS l) AS a "
		"GROUP BY a.user_hash, a.user_id) AS u), "
		"judged_keys AS MATERIALIZED (SELECT p.session_key, "
		"count(*) FILTER (WHERE x.user_hash IS NULL) > %d AS is_ignored FROM star_pairs AS p "
		"LEFT JOIN @user_excluded AS x ON x.user_hash = p.user_hash GROUP BY p.session_key)",
		user_hash_sql(pipeline->name, "s.user_id"), pipeline->max_keys_per_user,
		pipeline->max_users_per_key);
}

/*
 * edges_sql returns a query for pairs of user ids that are joined directly.
 */
static char *
edges_sql(const Pipeline *pipeline)
{
	return psprintf(
		"%s SELECT e.least, e.user_hash FROM (SELECT p.user_hash, first_value(p.user_hash) "
		"OVER (PARTITION BY p.session_key ORDER BY p.user_hash) AS least FROM star_pairs AS p "
		"JOIN judged_users AS u ON u.user_hash = p.user_hash "
		"JOIN judged_keys AS k ON k.session_key %s p.session_key "
		"WHERE NOT u.is_ignored AND NOT k.is_ignored) AS e WHERE e.least <> e.user_hash "
		"UNION ALL SELECT l.user_hash, l.other_hash FROM %s AS l "
		"JOIN judged_users AS u ON u.user_hash = l.user_hash "
		"JOIN judged_users AS o ON o.user_hash = l.other_hash "
		"WHERE NOT u.is_ignored AND NOT o.is_ignored",
		judged_sql(pipeline), key_equals_sql(pipeline->types[SRC_SESSION_KEY]),
		star_relation(pipeline, STAR_USER_LINK));
}

/*
 * derived_sql returns the beginning of a query over JOINED_USERS: derived_users and derived_keys
 * are the rows that person_user and person_key should have, star_pairs those of person_link.
 */
static char *
derived_sql(const Pipeline *pipeline)
{
	return psprintf(
		"%s, derived_users AS MATERIALIZED (SELECT u.user_hash, u.user_id, CASE WHEN NOT "
		"u.is_ignored THEN coalesce(j.person_id, u.user_hash) END AS person_id, u.is_ignored "
		"FROM judged_users AS u LEFT JOIN " JOINED_USERS " AS j ON j.user_hash = u.user_hash), "
		"derived_keys AS MATERIALIZED (SELECT k.session_key, (array_agg(u.person_id) FILTER ("
		"WHERE u.person_id IS NOT NULL AND NOT k.is_ignored))[1] AS person_id, k.is_ignored "
		"FROM judged_keys AS k JOIN star_pairs AS p ON p.session_key %s k.session_key "
		"JOIN derived_users AS u ON u.user_hash = p.user_hash "
		"GROUP BY k.session_key, k.is_ignored)",
		judged_sql(pipeline), key_equals_sql(pipeline->types[SRC_SESSION_KEY]));
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
		"SELECT p.session_key, p.user_hash FROM star_pairs AS p ON CONFLICT DO NOTHING), "
		"less_links AS (DELETE FROM @person_link AS l WHERE NOT EXISTS (SELECT FROM star_pairs AS "
		"p WHERE p.session_key %s l.session_key AND p.user_hash = l.user_hash)), "
		"more_users AS (INSERT INTO @person_user AS u (user_hash, user_id, person_id, is_ignored) "
		"SELECT d.user_hash, d.user_id, d.person_id, d.is_ignored FROM derived_users AS d "
		"ON CONFLICT (user_hash) DO UPDATE SET user_id = excluded.user_id, "
		"person_id = excluded.person_id, is_ignored = excluded.is_ignored "
		"WHERE u.user_id <> excluded.user_id OR u.person_id IS DISTINCT FROM excluded.person_id "
		"OR u.is_ignored <> excluded.is_ignored), "
		"less_users AS (DELETE FROM @person_user AS u WHERE NOT EXISTS (SELECT FROM derived_users "
		"AS d WHERE d.user_hash = u.user_hash)), "
		"more_keys AS (INSERT INTO @person_key AS k (session_key, person_id, is_ignored) "
		"SELECT d.session_key, d.person_id, d.is_ignored FROM derived_keys AS d "
		"ON CONFLICT (session_key) DO UPDATE SET person_id = excluded.person_id, "
		"is_ignored = excluded.is_ignored WHERE k.person_id IS DISTINCT FROM excluded.person_id "
		"OR k.is_ignored <> excluded.is_ignored) "
		"DELETE FROM @person_key AS k WHERE NOT EXISTS (SELECT FROM derived_keys AS d "
		"WHERE d.session_key %s k.session_key)",
		derived_sql(pipeline), equals, equals);
}

/*
 * persons_derive makes the tables of persons what they should be.
 */
void
persons_derive(const Pipeline *pipeline)
{
	NamedRows joined;

	pipeline_lock_persons(pipeline);
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
	const char *equals = key_equals_sql(pipeline->types[SRC_SESSION_KEY]);

	*joined = join_all(pipeline);
	return star_sql(
		pipeline,
		"%s SELECT 'person_key'::text, CASE WHEN s.is_ignored IS NULL THEN 'missing' "
		"WHEN d.is_ignored IS NULL THEN 'unexpected' ELSE 'different' END, "
		"CASE WHEN d.is_ignored IS NULL THEN s.session_key::text ELSE d.session_key::text END, "
		"CASE WHEN s.is_ignored IS NOT NULL THEN jsonb_build_object('session_key', s.session_key, "
		"'person_id', s.person_id, 'is_ignored', s.is_ignored) END, "
		"CASE WHEN d.is_ignored IS NOT NULL THEN jsonb_build_object('session_key', d.session_key, "
		"'person_id', d.person_id, 'is_ignored', d.is_ignored) END "
		"FROM @person_key AS s FULL JOIN derived_keys AS d ON d.session_key %s s.session_key "
		"WHERE s.person_id IS DISTINCT FROM d.person_id "
		"OR s.is_ignored IS DISTINCT FROM d.is_ignored "
		"UNION ALL SELECT 'person_user', CASE WHEN s.user_hash IS NULL THEN 'missing' "
		"WHEN d.user_hash IS NULL THEN 'unexpected' ELSE 'different' END, NULL, "
		"CASE WHEN s.user_hash IS NOT NULL THEN jsonb_build_object('user_id', s.user_id, "
		"'person_id', s.person_id, 'is_ignored', s.is_ignored) END, "
		"CASE WHEN d.user_hash IS NOT NULL THEN jsonb_build_object('user_id', d.user_id, "
		"'person_id', d.person_id, 'is_ignored', d.is_ignored) END "
		"FROM @person_user AS s FULL JOIN derived_users AS d ON d.user_hash = s.user_hash "
		"WHERE s.user_id IS DISTINCT FROM d.user_id "
		"OR s.person_id IS DISTINCT FROM d.person_id "
		"OR s.is_ignored IS DISTINCT FROM d.is_ignored "
		"UNION ALL SELECT 'person_link', CASE WHEN s.user_hash IS NULL THEN 'missing' "
		"ELSE 'unexpected' END, CASE WHEN s.user_hash IS NULL THEN d.session_key::text "
		"ELSE s.session_key::text END, "
		"CASE WHEN s.user_hash IS NOT NULL THEN jsonb_build_object('session_key', s.session_key, "
		"'user_hash', s.user_hash) END, "
		"CASE WHEN d.user_hash IS NOT NULL THEN jsonb_build_object('session_key', d.session_key, "
		"'user_hash', d.user_hash) END "
		"FROM @person_link AS s FULL JOIN star_pairs AS d ON d.session_key %s s.session_key "
		"AND d.user_hash = s.user_hash WHERE s.user_hash IS NULL OR d.user_hash IS NULL",
		derived_sql(pipeline), equals, equals);
}
