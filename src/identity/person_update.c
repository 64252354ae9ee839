/*
 * person_update.c
 *		Keeps the persons when pairs have come into dim_user or gone from it, or a link between two
 *		user ids.
 *
 * There are two ways.  If pairs have only come, and no key or user id begins or ceases to be
 * ignored, persons are only joined: each new pair joins the persons of its key and of its user id,
 * of which the ids are enough to know (join_persons).  Otherwise the persons that may have changed
 * are computed again from all their pairs (split_persons).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog/lock.h"
#include "catalog/star_relation.h"
#include "compat.h"
#include "identity/person_update.h"
#include "identity/user_hash.h"
#include "identity/user_sets.h"
#include "spi/key_relation.h"
#include "spi/sql_rows.h"
#include "spi/statement.h"
#include "utils/pass_limit.h"
#include "utils/pause.h"

/* The relations that statements are run over, by their numbers. */
typedef enum UpdateRows
{
	ADDED_PAIRS,   /* (session_key, user_id, user_hash): pairs that have come */
	REMOVED_PAIRS, /* pairs that have gone */
	NAMED_USERS,   /* users of links that have come or gone; the session key is NULL */
	MEMBERS,       /* keys and users, with NULL for the other, whose person may have changed */
	JOINED_USERS,  /* (user_hash, person_id): see user_sets_rows */
	UPDATE_ROWS
} UpdateRows;

typedef struct PersonUpdate
{
	const Pipeline *pipeline;
	const char *equals; /* the operator of the session key's type */
	NamedRows rows[UPDATE_ROWS];
	UserSets *sets;
} PersonUpdate;

/* The keys and users of the pairs and links that have come or gone. */
#define TOUCHED_KEYS                                                                               \
	"(SELECT a.session_key FROM added_pairs AS a "                                                 \
	"UNION SELECT r.session_key FROM removed_pairs AS r)"
#define TOUCHED_USERS                                                                              \
	"(SELECT a.user_hash, a.user_id FROM added_pairs AS a "                                        \
	"UNION SELECT r.user_hash, r.user_id FROM removed_pairs AS r "                                 \
	"UNION SELECT n.user_hash, n.user_id FROM named_users AS n)"

/* Whether a link leads to or from a user. */
#define USER_HAS_LINK                                                                              \
	"EXISTS (SELECT FROM @user_link AS o WHERE o.user_hash = t.user_hash) "                        \
	"OR EXISTS (SELECT FROM @user_link AS o WHERE o.other_hash = t.user_hash)"

/*
 * make_rows makes an empty relation (session_key, user_id, user_hash).
 */
static NamedRows
make_rows(const PersonUpdate *update, const char *name)
{
	Oid type = update->pipeline->types[SRC_SESSION_KEY];
	NamedRows rows = {name, CreateTemplateTupleDesc(3),
					  tuplestore_begin_heap(true, false, work_mem)};

	TupleDescInitEntry(rows.desc, 1, "session_key", type, -1, 0);
	if (OidIsValid(get_typcollation(type)))
		TupleDescInitEntryCollation(rows.desc, 1, C_COLLATION_OID);
	TupleDescInitEntry(rows.desc, 2, "user_id", TEXTOID, -1, 0);
	TupleDescInitEntryCollation(rows.desc, 2, C_COLLATION_OID);
	TupleDescInitEntry(rows.desc, 3, "user_hash", UUIDOID, -1, 0);
	sz_finish_tuple_desc(rows.desc);
	return rows;
}

/*
 * begin prepares an update.
 */
static void
begin(PersonUpdate *update, const Pipeline *pipeline)
{
	update->pipeline = pipeline;
	update->equals = key_equals_sql(pipeline->types[SRC_SESSION_KEY]);
	update->sets = user_sets_create();
	update->rows[ADDED_PAIRS] = make_rows(update, "added_pairs");
	update->rows[REMOVED_PAIRS] = make_rows(update, "removed_pairs");
	update->rows[NAMED_USERS] = make_rows(update, "named_users");
	update->rows[MEMBERS] = make_rows(update, "members");
	update->rows[JOINED_USERS] = user_sets_rows(update->sets, "joined_users");
}

/*
 * end frees the relations.
 */
static void
end(PersonUpdate *update)
{
	for (int i = 0; i < UPDATE_ROWS; i++)
		tuplestore_end(update->rows[i].rows);
}

/*
 * any tells whether a relation has rows.
 */
static bool
any(const PersonUpdate *update, UpdateRows rows)
{
	return tuplestore_tuple_count(update->rows[rows].rows) > 0;
}

/*
 * visit runs a statement over the relations, and passes the rows that it returns to a visitor.
 */
static void
visit(PersonUpdate *update, const char *sql, SqlRowVisitor visitor)
{
	(void) sql_visit_with_named_rows(sql, update->rows, UPDATE_ROWS, visitor, update);
	pass_progress();
}

/*
 * run runs a statement over the relations.
 */
static void
run(PersonUpdate *update, const char *sql)
{
	visit(update, sql, NULL);
}

/*
 * put_row adds three columns of a row to a relation.
 */
static void
put_row(PersonUpdate *update, UpdateRows rows, const SqlRow *row)
{
	Datum values[3];
	bool isnull[lengthof(values)];

	for (int i = 0; i < (int) lengthof(values); i++)
		values[i] = sql_row_datum(row, i + 1, &isnull[i]);
	tuplestore_putvalues(update->rows[rows].rows, update->rows[rows].desc, values, isnull);
}

/*
 * put_change adds a pair to those that have come or gone.
 */
static void
put_change(void *arg, const SqlRow *row)
{
	put_row(arg, sql_row_bool(row, 4) ? ADDED_PAIRS : REMOVED_PAIRS, row);
}

/*
 * put_member adds a key or a user to those whose person may have changed.
 */
static void
put_member(void *arg, const SqlRow *row)
{
	put_row(arg, MEMBERS, row);
}

/*
 * find_changes finds out which of the pairs have really come or gone.
 */
static void
find_changes(PersonUpdate *update, const PersonChanges *changes)
{
	const Pipeline *pipeline = update->pipeline;
	NamedRows rows = person_changes_rows(changes, "changed_pairs");

	(void) sql_visit_with_named_rows(
		star_sql(pipeline,
				 "SELECT c.session_key, c.user_id, c.user_hash, c.is_there FROM ("
				 "SELECT p.session_key, p.user_id, p.user_hash, EXISTS (SELECT FROM @dim_user AS d "
				 "WHERE d.session_key %s p.session_key AND d.user_id = p.user_id) AS is_there, "
				 "EXISTS (SELECT FROM @person_link AS l WHERE l.session_key %s p.session_key "
				 "AND l.user_hash = p.user_hash) AS was_there FROM ("
				 "SELECT DISTINCT r.session_key, r.user_id, %s AS user_hash FROM changed_pairs AS "
				 "r) AS p) AS c WHERE c.is_there <> c.was_there",
				 update->equals, update->equals, user_hash_sql(pipeline->id_name, "r.user_id")),
		&rows, 1, put_change, update);
}

/*
 * write_links writes person_link.
 */
static void
write_links(PersonUpdate *update)
{
	if (any(update, ADDED_PAIRS))
		run(update,
			star_sql(update->pipeline, "INSERT INTO @person_link (session_key, user_hash) "
									   "SELECT a.session_key, a.user_hash FROM added_pairs AS a"));
	if (any(update, REMOVED_PAIRS))
		run(update, star_sql(update->pipeline,
							 "DELETE FROM @person_link AS l USING removed_pairs AS r "
							 "WHERE l.session_key %s r.session_key AND l.user_hash = r.user_hash",
							 update->equals));
}

/*
 * user_is_ignored returns the SQL of whether a user is to be ignored, whose hash is t.user_hash.
 */
static char *
user_is_ignored(const PersonUpdate *update)
{
	int limit = update->pipeline->max_keys_per_user;

	return star_sql(update->pipeline,
					"((SELECT count(*) FROM (SELECT FROM @person_link AS l "
					"WHERE l.user_hash = t.user_hash LIMIT %d::bigint + 1) AS n) > %d "
					"OR EXISTS (SELECT FROM @user_excluded AS x WHERE x.user_hash = t.user_hash))",
					limit, limit);
}

/*
 * key_is_ignored returns the SQL of whether a session key is to be ignored: t.session_key.
 */
static char *
key_is_ignored(const PersonUpdate *update)
{
	int limit = update->pipeline->max_users_per_key;

	return star_sql(update->pipeline,
					"((SELECT count(*) FROM (SELECT FROM @person_link AS l "
					"WHERE l.session_key %s t.session_key AND NOT EXISTS (SELECT FROM "
					"@user_excluded AS x WHERE x.user_hash = l.user_hash) "
					"LIMIT %d::bigint + 1) AS n) > %d)",
					update->equals, limit, limit);
}

/* What is known of the pairs that have come. */
typedef struct NewPairs
{
	UserSets *sets;
	bool any_turns;   /* a key or user begins or ceases to be ignored */
	bool any_user;    /* a user is new */
	bool any_key;     /* a key is new, or had no person */
	int64 key;        /* the number of the last pair's key */
	bool has_person;  /* this key's person is known */
	pg_uuid_t person; /* the person, or a user of it */
} NewPairs;

/*
 * look_at_pair joins the persons of a pair that has come.
 */
static void
look_at_pair(void *arg, const SqlRow *row)
{
	NewPairs *pairs = arg;
	int64 key = sql_row_int8(row, 1);
	bool isnull;
	Datum user = sql_row_datum(row, 2, &isnull);
	Datum person = sql_row_datum(row, 3, &isnull);

	pairs->any_turns |= sql_row_bool(row, 4);
	pairs->any_user |= sql_row_bool(row, 6);
	pairs->any_key |= isnull;
	if (key != pairs->key || !isnull)
		pairs->has_person = !isnull;
	if (!isnull)
		pairs->person = *DatumGetUUIDP(person);
	pairs->key = key;
	/* a pair of which one is ignored joins nothing */
	if (sql_row_bool(row, 5))
		return;
	if (pairs->has_person)
		user_sets_join(pairs->sets, &pairs->person, DatumGetUUIDP(user));
	pairs->has_person = true;
	pairs->person = *DatumGetUUIDP(user);
}

/*
 * look_at_pairs joins the persons of all pairs that have come.  A person is known by its id, which
 * is the hash of one of its users; a new user by its own.
 */
static NewPairs
look_at_pairs(PersonUpdate *update)
{
	NewPairs pairs = {.sets = update->sets};

	(void) sql_visit_with_named_rows(
		star_sql(update->pipeline,
				 "SELECT dense_rank() OVER (ORDER BY t.session_key), "
				 "coalesce(u.person_id, t.user_hash), k.person_id, "
				 "i.user_is <> coalesce(u.is_ignored, false) OR i.key_is <> coalesce(k.is_ignored, "
				 "false), i.user_is OR i.key_is, u.user_hash IS NULL "
				 "FROM added_pairs AS t LEFT JOIN @person_user AS u ON u.user_hash = t.user_hash "
				 "LEFT JOIN @person_key AS k ON k.session_key %s t.session_key, "
				 "LATERAL (SELECT %s AS user_is, %s AS key_is) AS i ORDER BY 1",
				 update->equals, user_is_ignored(update), key_is_ignored(update)),
		update->rows, UPDATE_ROWS, look_at_pair, &pairs);
	return pairs;
}

/*
 * set_joined has the statements that follow find the joined users.
 */
static void
set_joined(PersonUpdate *update)
{
	tuplestore_end(update->rows[JOINED_USERS].rows);
	update->rows[JOINED_USERS] = user_sets_rows(update->sets, "joined_users");
}

/*
 * join_persons writes that persons are joined.
 */
static void
join_persons(PersonUpdate *update, const NewPairs *pairs)
{
	const Pipeline *pipeline = update->pipeline;

	set_joined(update);
	if (any(update, JOINED_USERS))
	{
		run(update, star_sql(pipeline, "UPDATE @person_user AS u SET person_id = j.person_id "
									   "FROM joined_users AS j WHERE u.person_id = j.user_hash"));
		run(update, star_sql(pipeline, "UPDATE @person_key AS k SET person_id = j.person_id "
									   "FROM joined_users AS j WHERE k.person_id = j.user_hash"));
	}
	if (pairs->any_user)
		run(update,
			star_sql(pipeline,
					 "INSERT INTO @person_user (user_hash, user_id, person_id, is_ignored) "
					 "SELECT DISTINCT a.user_hash, a.user_id, coalesce(j.person_id, a.user_hash), "
					 "false FROM added_pairs AS a LEFT JOIN joined_users AS j "
					 "ON j.user_hash = a.user_hash ON CONFLICT DO NOTHING"));
	if (pairs->any_key)
		run(update,
			star_sql(pipeline,
					 "INSERT INTO @person_key AS k (session_key, person_id, is_ignored) "
					 "SELECT a.session_key, (array_agg(u.person_id) FILTER (WHERE u.person_id IS "
					 "NOT NULL))[1], false FROM added_pairs AS a JOIN @person_user AS u "
					 "ON u.user_hash = a.user_hash GROUP BY a.session_key "
					 "ON CONFLICT (session_key) DO UPDATE SET person_id = excluded.person_id "
					 "WHERE k.person_id IS NULL AND NOT k.is_ignored "
					 "AND excluded.person_id IS NOT NULL"));
}

/*
 * judge adds the new keys and users without a person, and writes which of the keys and users that
 * are touched are ignored.
 */
static void
judge(PersonUpdate *update)
{
	const Pipeline *pipeline = update->pipeline;

	run(update,
		star_sql(pipeline, "INSERT INTO @person_user (user_hash, user_id, is_ignored) "
						   "SELECT t.user_hash, t.user_id, false FROM " TOUCHED_USERS " AS t "
						   "ON CONFLICT DO NOTHING"));
	run(update, star_sql(pipeline, "INSERT INTO @person_key (session_key, is_ignored) "
								   "SELECT DISTINCT a.session_key, false FROM added_pairs AS a "
								   "ON CONFLICT DO NOTHING"));
	run(update, star_sql(pipeline,
						 "UPDATE @person_user AS u SET is_ignored = NOT u.is_ignored "
						 "FROM " TOUCHED_USERS " AS t "
						 "WHERE u.user_hash = t.user_hash AND u.is_ignored <> %s",
						 user_is_ignored(update)));
	run(update, star_sql(pipeline,
						 "UPDATE @person_key AS k SET is_ignored = NOT k.is_ignored "
						 "FROM " TOUCHED_KEYS " AS t "
						 "WHERE k.session_key %s t.session_key AND k.is_ignored <> %s",
						 update->equals, key_is_ignored(update)));
}

/*
 * find_members finds the keys and users whose person may have changed: those that are touched,
 * their neighbours unless they are ignored themselves, and everybody of the persons that one of
 * these belongs to.  No edge of the graph leads from a member to another node (identity.md).
 */
static void
find_members(PersonUpdate *update)
{
	visit(update,
		  star_sql(update->pipeline,
				   "WITH touched_keys AS MATERIALIZED " TOUCHED_KEYS
				   ", touched_users AS MATERIALIZED " TOUCHED_USERS
				   ", near_keys AS MATERIALIZED (SELECT t.session_key FROM touched_keys AS t "
				   "UNION SELECT l.session_key FROM touched_users AS t JOIN @person_user AS u "
				   "ON u.user_hash = t.user_hash AND NOT u.is_ignored "
				   "JOIN @person_link AS l ON l.user_hash = u.user_hash), "
				   "near_users AS MATERIALIZED (SELECT t.user_hash FROM touched_users AS t "
				   "UNION SELECT l.user_hash FROM touched_keys AS t JOIN @person_key AS k "
				   "ON k.session_key %s t.session_key AND NOT k.is_ignored "
				   "JOIN @person_link AS l ON l.session_key %s k.session_key "
				   "UNION SELECT o.other_hash FROM touched_users AS t JOIN @user_link AS o "
				   "ON o.user_hash = t.user_hash "
				   "UNION SELECT o.user_hash FROM touched_users AS t JOIN @user_link AS o "
				   "ON o.other_hash = t.user_hash), "
				   "persons AS MATERIALIZED (SELECT u.person_id FROM near_users AS n "
				   "JOIN @person_user AS u ON u.user_hash = n.user_hash "
				   "UNION SELECT k.person_id FROM near_keys AS n "
				   "JOIN @person_key AS k ON k.session_key %s n.session_key) "
				   "SELECT m.session_key, NULL::text, NULL::uuid FROM (SELECT n.session_key FROM "
				   "near_keys AS n UNION SELECT k.session_key FROM persons AS p "
				   "JOIN @person_key AS k ON k.person_id = p.person_id) AS m "
				   "UNION ALL SELECT NULL, NULL, m.user_hash FROM (SELECT n.user_hash FROM "
				   "near_users AS n UNION SELECT u.user_hash FROM persons AS p "
				   "JOIN @person_user AS u ON u.person_id = p.person_id) AS m",
				   update->equals, update->equals, update->equals),
		  put_member);
}

/*
 * join_two joins the two users of a row.
 */
static void
join_two(void *arg, const SqlRow *row)
{
	PersonUpdate *update = arg;
	bool isnull;

	user_sets_join(update->sets, DatumGetUUIDP(sql_row_datum(row, 1, &isnull)),
				   DatumGetUUIDP(sql_row_datum(row, 2, &isnull)));
}

/*
 * join_members joins the users among the members that a key or a link joins.
 */
static void
join_members(PersonUpdate *update)
{
	visit(update,
		  star_sql(update->pipeline,
				   "SELECT e.least, e.user_hash FROM (SELECT l.user_hash, "
				   "first_value(l.user_hash) OVER (PARTITION BY l.session_key ORDER BY "
				   "l.user_hash) AS least FROM members AS m "
				   "JOIN @person_key AS k ON k.session_key %s m.session_key AND NOT k.is_ignored "
				   "JOIN @person_link AS l ON l.session_key %s k.session_key "
				   "JOIN @person_user AS u ON u.user_hash = l.user_hash AND NOT u.is_ignored) "
				   "AS e WHERE e.least <> e.user_hash "
				   "UNION ALL SELECT o.user_hash, o.other_hash FROM members AS m "
				   "JOIN @user_link AS o ON o.user_hash = m.user_hash "
				   "JOIN @person_user AS u ON u.user_hash = o.user_hash AND NOT u.is_ignored "
				   "JOIN @person_user AS v ON v.user_hash = o.other_hash AND NOT v.is_ignored",
				   update->equals, update->equals),
		  join_two);
	set_joined(update);
}

/*
 * write_members writes the persons of the members.
 */
static void
write_members(PersonUpdate *update)
{
	run(update,
		star_sql(update->pipeline,
				 "UPDATE @person_user AS u SET person_id = d.person_id FROM (SELECT m.user_hash, "
				 "CASE WHEN NOT n.is_ignored THEN coalesce(j.person_id, n.user_hash) END AS "
				 "person_id FROM members AS m JOIN @person_user AS n ON n.user_hash = m.user_hash "
				 "LEFT JOIN joined_users AS j ON j.user_hash = m.user_hash) AS d "
				 "WHERE u.user_hash = d.user_hash AND u.person_id IS DISTINCT FROM d.person_id"));
	run(update,
		star_sql(update->pipeline,
				 "UPDATE @person_key AS k SET person_id = d.person_id FROM (SELECT m.session_key, "
				 "(array_agg(u.person_id) FILTER (WHERE u.person_id IS NOT NULL))[1] AS person_id "
				 "FROM members AS m JOIN @person_key AS n ON n.session_key %s m.session_key "
				 "LEFT JOIN @person_link AS l ON l.session_key %s n.session_key "
				 "AND NOT n.is_ignored LEFT JOIN @person_user AS u ON u.user_hash = l.user_hash "
				 "GROUP BY m.session_key) AS d WHERE k.session_key %s d.session_key "
				 "AND k.person_id IS DISTINCT FROM d.person_id",
				 update->equals, update->equals, update->equals));
}

/*
 * remove_gone removes the keys and users that have no pair and no link any more.
 */
static void
remove_gone(PersonUpdate *update)
{
	run(update, star_sql(update->pipeline,
						 "DELETE FROM @person_key AS k USING removed_pairs AS t "
						 "WHERE k.session_key %s t.session_key AND NOT EXISTS (SELECT FROM "
						 "@person_link AS l WHERE l.session_key %s t.session_key)",
						 update->equals, update->equals));
	run(update,
		star_sql(update->pipeline, "DELETE FROM @person_user AS u USING " TOUCHED_USERS " AS t "
								   "WHERE u.user_hash = t.user_hash AND NOT (" USER_HAS_LINK
								   " OR EXISTS (SELECT FROM @person_link AS l "
								   "WHERE l.user_hash = t.user_hash))"));
}

/*
 * split_persons computes the persons that may have changed again.
 */
static void
split_persons(PersonUpdate *update)
{
	update->sets = user_sets_create();
	judge(update);
	find_members(update);
	join_members(update);
	write_members(update);
	remove_gone(update);
}

/*
 * follow has the persons follow the pairs and links that have come and gone.
 */
static void
follow(PersonUpdate *update)
{
	NewPairs pairs;

	if (any(update, REMOVED_PAIRS) || any(update, NAMED_USERS))
	{
		split_persons(update);
		return;
	}
	pairs = look_at_pairs(update);
	if (pairs.any_turns)
		split_persons(update);
	else
		join_persons(update, &pairs);
}

/*
 * persons_update has the persons follow the changes of dim_user.
 */
void
persons_update(const Pipeline *pipeline, const PersonChanges *changes)
{
	PersonUpdate update;

	if (!person_changes_any(changes))
		return;
	begin(&update, pipeline);
	/* only the owner of a key changes its pairs, so that nothing has to be locked to look at them */
	find_changes(&update, changes);
	if (any(&update, ADDED_PAIRS) || any(&update, REMOVED_PAIRS))
	{
		pipeline_lock_persons(pipeline);
		PAUSE_POINT("persons-locked");
		write_links(&update);
		follow(&update);
	}
	end(&update);
}

/*
 * name_user adds a user to those whose links have changed.
 */
static void
name_user(PersonUpdate *update, const char *user_id, const pg_uuid_t *hash)
{
	NamedRows *rows = &update->rows[NAMED_USERS];
	Datum values[] = {(Datum) 0, CStringGetTextDatum(user_id), UUIDPGetDatum(hash)};
	bool isnull[lengthof(values)] = {true, false, false};

	tuplestore_putvalues(rows->rows, rows->desc, values, isnull);
}

/* How a change of user_link is written, over named_users as t and o. */
#define ADD_LINK                                                                                   \
	"INSERT INTO @user_link (user_hash, user_id, other_hash, other_id) "                           \
	"SELECT t.user_hash, t.user_id, o.user_hash, o.user_id FROM named_users AS t, "                \
	"named_users AS o WHERE t.user_hash < o.user_hash ON CONFLICT DO NOTHING"
#define REMOVE_LINK                                                                                \
	"DELETE FROM @user_link AS l USING named_users AS t, named_users AS o "                        \
	"WHERE t.user_hash < o.user_hash AND l.user_hash = t.user_hash "                               \
	"AND l.other_hash = o.user_hash"

/*
 * change_link changes the link of two users, and has the persons follow.
 */
static bool
change_link(const Pipeline *pipeline, const char *user_id, const char *other_id, const char *sql)
{
	PersonUpdate update;
	pg_uuid_t hashes[2];
	bool changed;

	begin(&update, pipeline);
	user_hash(pipeline->id_name, user_id, (int) strlen(user_id), &hashes[0]);
	user_hash(pipeline->id_name, other_id, (int) strlen(other_id), &hashes[1]);
	name_user(&update, user_id, &hashes[0]);
	name_user(&update, other_id, &hashes[1]);
	pipeline_lock_persons(pipeline);
	changed =
		sql_execute_with_named_rows(star_sql_text(pipeline, sql), update.rows, UPDATE_ROWS) > 0;
	if (changed)
		follow(&update);
	end(&update);
	return changed;
}

/*
 * persons_link links two user ids.
 */
bool
persons_link(const Pipeline *pipeline, const char *user_id, const char *other_id)
{
	return change_link(pipeline, user_id, other_id, ADD_LINK);
}

/*
 * persons_unlink removes the link of two user ids.
 */
bool
persons_unlink(const Pipeline *pipeline, const char *user_id, const char *other_id)
{
	return change_link(pipeline, user_id, other_id, REMOVE_LINK);
}

/*
 * put_named adds a user to those whose links have changed.
 */
static void
put_named(void *arg, const SqlRow *row)
{
	put_row(arg, NAMED_USERS, row);
}

/*
 * persons_forget_links removes all links of a person's user ids.
 */
void
persons_forget_links(const Pipeline *pipeline, const pg_uuid_t *person_id)
{
	PersonUpdate update;
	char *person = quote_literal_cstr(
		DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(person_id))));

	begin(&update, pipeline);
	pipeline_lock_persons(pipeline);
	visit(&update,
		  star_sql(pipeline,
				   "SELECT DISTINCT NULL::%s, e.user_id, e.user_hash FROM @person_user AS u "
				   "JOIN @user_link AS o ON u.user_hash IN (o.user_hash, o.other_hash), "
				   "LATERAL (VALUES (o.user_hash, o.user_id), (o.other_hash, o.other_id)) "
				   "AS e (user_hash, user_id) WHERE u.person_id = %s::uuid",
				   format_type_be_qualified(pipeline->types[SRC_SESSION_KEY]), person),
		  put_named);
	if (any(&update, NAMED_USERS))
	{
		run(&update, star_sql(pipeline,
							  "DELETE FROM @user_link AS o USING named_users AS n, @person_user "
							  "AS u WHERE n.user_hash IN (o.user_hash, o.other_hash) "
							  "AND u.user_hash = n.user_hash AND u.person_id = %s::uuid",
							  person));
		follow(&update);
	}
	end(&update);
}
