/*
 * erase.c
 *		sessionize.erase_user(name, key) and erase_person(name, user_id): delete the raw rows of a
 *		session key, or of all keys of a person, and all that came from them.
 *
 * The key's rows of the dirty log are deleted before the raw rows, so that changes which are
 * committed between the two are still in the log.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "capture/pending_keys.h"
#include "catalog/lock.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_function.h"
#include "catalog/star_relation.h"
#include "commands/person_arguments.h"
#include "dirty/backfill.h"
#include "dirty/dirty.h"
#include "dirty/dirty_claim.h"
#include "dirty/dirty_key.h"
#include "dirty/failed_keys.h"
#include "dirty/large_keys.h"
#include "dirty/refreshed_keys.h"
#include "identity/person_changes.h"
#include "identity/person_update.h"
#include "identity/user_hash.h"
#include "lake/changed_days.h"
#include "rollup/rollup_upkeep.h"
#include "run/run.h"
#include "source/keyed_source.h"
#include "source/sealed_rows.h"
#include "source/source_mapping.h"
#include "spi/key_relation.h"
#include "spi/privileges.h"
#include "spi/scope.h"
#include "spi/sql.h"
#include "spi/statement.h"
#include "star/star.h"
#include "utils/arguments.h"
#include "utils/pause.h"

/* The kinds of deleted rows that the function counts, in the order of its columns. */
enum
{
	ERASED_RAW_ROWS,
	ERASED_EVENTS,
	ERASED_SESSIONS,
	ERASED_USERS,
	ERASED_QUARANTINED,
	ERASED_COUNT
};

typedef struct Erasure
{
	Pipeline *pipeline;
	const char *key_text;
	Datum key;
	KeyRelation *keys; /* the key as a relation */
	int64 counts[ERASED_COUNT];
	PersonChanges *persons; /* NULL: the pipeline has no persons */
	StarRows rows;          /* that the key's part of the star accounted for */
	bool any_sealed;
	int64 logged;
} Erasure;

/*
 * erase_from deletes the key's rows from a table of the pipeline, if the table exists.
 */
static int64
erase_from(const Erasure *erasure, StarRelationId table)
{
	const Pipeline *pipeline = erasure->pipeline;
	Oid relation = star_relation_oid(pipeline, table);

	if (!OidIsValid(relation) || get_attnum(relation, "session_key") == InvalidAttrNumber)
		return 0;
	return key_relation_execute(erasure->keys,
								psprintf("DELETE FROM ONLY %s AS f USING " KEY_ROWS
										 " AS k WHERE f.session_key %s k.session_key",
										 star_relation(pipeline, table),
										 key_equals_sql(pipeline->types[SRC_SESSION_KEY])));
}

/*
 * count_with_key runs a query over KEY_ROWS that returns one number, in a new snapshot.
 */
static int64
count_with_key(const Erasure *erasure, const char *sql)
{
	int64 number;

	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	number = key_relation_query_bigint(erasure->keys, sql);
	PopActiveSnapshot();
	return number;
}

/*
 * erase_raw deletes the raw rows, and removes the deletion from what the transaction will log.
 */
static void
erase_raw(Erasure *erasure)
{
	const Pipeline *pipeline = erasure->pipeline;
	SourceMapping *mapping = source_mapping(pipeline);
	DirtyLog log = {pipeline->id, dirty_table(pipeline), pipeline->types[SRC_SESSION_KEY]};

	erasure->counts[ERASED_RAW_ROWS] +=
		key_relation_execute(erasure->keys, keyed_delete_sql(pipeline, mapping));
	if (count_with_key(erasure, psprintf("SELECT count(*) FROM %s AS s",
										 keyed_source_sql(pipeline, mapping, ROWS_OF_KEYS))) > 0)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
						errmsg("raw rows of session key \"%s\" are still there", erasure->key_text),
						errdetail("They came in meanwhile, or a trigger of %s keeps them.",
								  sql_qualified_name(pipeline->source)),
						errhint("Stop collecting events of this key, then try again.")));
	pending_keys_forget(&log, erasure->key);
}

/*
 * erase_derived deletes the key's part of the star.
 */
static void
erase_derived(Erasure *erasure)
{
	const Pipeline *pipeline = erasure->pipeline;
	int64 erased[STAR_RELATION_COUNT] = {0};

	erasure->rows.kept = count_with_key(
		erasure,
		star_sql(pipeline,
				 "SELECT coalesce(sum(f.events + f.duplicates), 0)::bigint FROM ONLY @fact_session "
				 "AS f, " KEY_ROWS " AS k WHERE f.session_key %s k.session_key",
				 key_equals_sql(pipeline->types[SRC_SESSION_KEY])));
	person_changes_add_keys(erasure->persons, erasure->keys);
	rollups_subtract_keys(pipeline, erasure->keys);
	changed_days_of_keys(pipeline, erasure->keys);
	for (int i = 0; i < STAR_RELATION_COUNT; i++)
		if (star_relation_is(i, STAR_HAS_KEY))
			erased[i] = erase_from(erasure, i);
	erasure->counts[ERASED_EVENTS] += erased[STAR_FACT_EVENT];
	erasure->counts[ERASED_SESSIONS] += erased[STAR_FACT_SESSION];
	erasure->counts[ERASED_USERS] += erased[STAR_DIM_USER];
	erasure->counts[ERASED_QUARANTINED] += erased[STAR_QUARANTINE];
	erasure->rows.late = erased[STAR_LATE];
	erasure->any_sealed = erased[STAR_SEALED] > 0;
	large_keys_forget(pipeline, erasure->key);
	failed_keys_forget(pipeline, &(DirtyKey){erasure->key, false, DT_NOBEGIN, DT_NOEND});
	/* the lock of the persons comes before that of the ledger's row */
	persons_update(pipeline, erasure->persons);
	run_erased(pipeline, erasure->rows, erased[STAR_QUARANTINE], erasure->key_text);
}

/*
 * lock_pipeline locks rebuilds, drops and changes of the pipeline out, and loads it afterwards.
 */
static void
lock_pipeline(Erasure *erasure, const char *name)
{
	Pipeline *seen = pipeline_load(name);

	pipeline_check_owner(seen);
	if (!pipeline_try_refresh_lock(seen) || !pipeline_try_hold_rebuild(seen))
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE), errmsg("pipeline \"%s\" is busy", name),
				 errdetail("Another session is rebuilding, changing or dropping it."),
				 errhint("Try again when that has finished.")));
	erasure->pipeline = pipeline_load_locked(seen);
	pipeline_check_owner(erasure->pipeline);
}

/*
 * set_key makes this the key to be erased.
 */
static void
set_key(Erasure *erasure, Datum key)
{
	Oid type = erasure->pipeline->types[SRC_SESSION_KEY];
	KeyType key_type;

	key_type_init_id(&key_type, type);
	erasure->key = key_type_pack(&key_type, key);
	erasure->keys = key_relation_create(type);
	key_relation_add(erasure->keys, erasure->key, false);
	erasure->persons = person_changes_create(erasure->pipeline);
}

/*
 * read_key converts the key from its text, with the rights of the pipeline's owner.
 */
static void
read_key(Erasure *erasure)
{
	Oid input;
	Oid parameter;

	getTypeInputInfo(erasure->pipeline->types[SRC_SESSION_KEY], &input, &parameter);
	set_key(erasure,
			OidInputFunctionCall(input, unconstify(char *, erasure->key_text), parameter, -1));
}

/*
 * is_large tells, in a new snapshot, whether the key is noted as large.
 */
static bool
is_large(const Erasure *erasure)
{
	bool large;

	PushActiveSnapshot(GetTransactionSnapshot());
	large = large_keys_has(large_keys_load(erasure->pipeline), erasure->key);
	PopActiveSnapshot();
	return large;
}

/*
 * lock_key takes the lock of the key's lane, and before it, if the key is large, that of the large
 * keys.  The latter may be held for minutes, and a session that waits for it with the lane locked
 * would block all other keys of the lane.  Once the lane is locked, no other session can make the
 * key large.
 */
static void
lock_key(const Erasure *erasure)
{
	const Pipeline *pipeline = erasure->pipeline;
	int lane = dirty_lane(pipeline, erasure->key);

	for (;;)
	{
		bool large = is_large(erasure);

		if (large)
			pipeline_lock_lane(pipeline, LARGE_KEYS_LANE);
		PAUSE_POINT("erase-lock");
		pipeline_lock_lane(pipeline, lane);
		if (large || !is_large(erasure))
			return;
		pipeline_unlock_lane(pipeline, lane);
	}
}

/*
 * erase_key erases the key, whose lane is locked.
 */
static void
erase_key(Erasure *erasure)
{
	PushActiveSnapshot(GetTransactionSnapshot());
	erasure->logged = dirty_claim_key(erasure->pipeline, erasure->key);
	PopActiveSnapshot();
	CommandCounterIncrement();
	erase_raw(erasure);
	erase_derived(erasure);
	key_relation_free(erasure->keys);
}

/*
 * erase does all the work for a key, as the pipeline's owner.
 */
static void
erase(Erasure *erasure)
{
	bool any = false;
	OwnerScope scope;

	owner_scope_enter(&scope, erasure->pipeline);
	/* what is erased is meant to go */
	setting_pin("sessionize.fuse", "off");
	check_may_delete(erasure->pipeline->source);
	read_key(erasure);
	lock_key(erasure);
	erase_key(erasure);
	owner_scope_leave(&scope);
	for (int i = 0; i < ERASED_COUNT; i++)
		any |= erasure->counts[i] > 0;
	if (!any && erasure->logged == 0 && !erasure->any_sealed)
		ereport(
			ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("pipeline \"%s\" knows no session key \"%s\"", erasure->pipeline->name,
					erasure->key_text),
			 errhint("SELECT DISTINCT session_key FROM %s WHERE user_id = '...' shows the session "
					 "keys of a user.",
					 star_relation(erasure->pipeline, STAR_DIM_USER))));
}

/* A list of the keys of a person. */
typedef struct PersonKeys
{
	KeyType type;
	List *keys;
} PersonKeys;

/*
 * add_key adds a copy of a key to the list.
 */
static void
add_key(void *arg, const SqlRow *row)
{
	PersonKeys *keys = arg;
	Datum *key = palloc(sizeof(Datum));
	bool isnull;
	Size size;

	*key = sql_row_datum(row, 1, &isnull);
	if (!keys->type.typbyval)
		*key = key_type_copy(&keys->type, *key, &size);
	keys->keys = lappend(keys->keys, key);
}

/*
 * keys_of_person returns the keys of a person.
 */
static PersonKeys
keys_of_person(const Erasure *erasure, const pg_uuid_t *person)
{
	const Pipeline *pipeline = erasure->pipeline;
	PersonKeys keys = {.keys = NIL};

	key_type_init_id(&keys.type, pipeline->types[SRC_SESSION_KEY]);
	sql_visit(star_sql(pipeline, "SELECT k.session_key FROM @person_key AS k "
								 "WHERE k.person_id = $1 ORDER BY k.session_key"),
			  SQL_READ_WRITE, SQL_VALUES(SQL_DATUM(UUIDOID, UUIDPGetDatum(person), false)), add_key,
			  &keys);
	return keys;
}

/*
 * person_of_user returns the person that a user id belongs to; an error if there is none.
 */
static const pg_uuid_t *
person_of_user(const Erasure *erasure, const char *user_id)
{
	const Pipeline *pipeline = erasure->pipeline;
	pg_uuid_t hash;
	bool isnull;
	Datum person;

	user_hash(pipeline->id_name, user_id, (int) strlen(user_id), &hash);
	person = sql_value(star_sql(pipeline, "SELECT u.person_id FROM @person_user AS u "
										  "WHERE u.user_hash = $1"),
					   SQL_READ_WRITE, SQL_VALUES(SQL_DATUM(UUIDOID, UUIDPGetDatum(&hash), false)),
					   &isnull);
	if (isnull)
		ereport(ERROR, (errcode(ERRCODE_NO_DATA_FOUND),
						errmsg("user id \"%s\" belongs to no person of pipeline \"%s\"", user_id,
							   pipeline->name),
						errdetail("It is not known, or it is ignored: see %s.",
								  star_relation(pipeline, STAR_PERSON_USER)),
						errhint("SELECT DISTINCT session_key FROM %s WHERE user_id = '...' shows "
								"the session keys of a user, which erase_user() erases.",
								star_relation(pipeline, STAR_DIM_USER))));
	return DatumGetUUIDP(person);
}

/*
 * lock_all_keys keeps all refreshes away, since until then a key could come to the person.
 */
static void
lock_all_keys(const Erasure *erasure)
{
	pipeline_lock_lane(erasure->pipeline, LARGE_KEYS_LANE);
	for (int lane = 0; lane < DIRTY_LANES; lane++)
		pipeline_lock_lane(erasure->pipeline, lane);
}

/*
 * erase_person erases all keys of the person that a user id belongs to, and the links of the
 * person's user ids, as the pipeline's owner.
 */
static void
erase_person(Erasure *erasure, const char *user_id)
{
	const pg_uuid_t *person;
	PersonKeys keys;
	OwnerScope scope;
	ListCell *cell;

	owner_scope_enter(&scope, erasure->pipeline);
	/* what is erased is meant to go */
	setting_pin("sessionize.fuse", "off");
	check_may_delete(erasure->pipeline->source);
	lock_all_keys(erasure);
	person = person_of_user(erasure, user_id);
	keys = keys_of_person(erasure, person);
	persons_forget_links(erasure->pipeline, person);
	foreach (cell, keys.keys)
	{
		StringInfoData text;

		set_key(erasure, *(Datum *) lfirst(cell));
		initStringInfo(&text);
		key_type_append_text(&keys.type, erasure->key, &text);
		erasure->key_text = text.data;
		erase_key(erasure);
		CommandCounterIncrement();
	}
	owner_scope_leave(&scope);
}

/*
 * check_isolation reports a transaction whose snapshot may miss rows to delete.
 */
static void
check_isolation(const char *function)
{
	if (IsolationUsesXactSnapshot())
		ereport(ERROR, (errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
						errmsg("%s needs the isolation level READ COMMITTED", function),
						errdetail("Rows committed after this transaction's snapshot would stay."),
						errhint("BEGIN ISOLATION LEVEL READ COMMITTED;")));
}

/*
 * counts_row returns how many rows were deleted.
 */
static Datum
counts_row(FunctionCallInfo fcinfo, const Erasure *erasure)
{
	Datum values[ERASED_COUNT];
	bool isnull[ERASED_COUNT] = {false};

	for (int i = 0; i < ERASED_COUNT; i++)
		values[i] = Int64GetDatum(erasure->counts[i]);
	return result_row(fcinfo, values, isnull);
}

/*
 * sessionize_erase_user erases a session key and returns how many rows were deleted.
 */
PIPELINE_FUNCTION(sessionize_erase_user)
{
	Erasure erasure = {0};
	char *name = argument_pipeline(fcinfo);

	PreventCommandIfReadOnly("sessionize.erase_user()");
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the session key must not be NULL"),
				 errdetail("Rows without a session key belong to nobody."),
				 errhint("Give the key as text, as in sessionize.erase_user('web', 'u-4711').")));
	check_isolation("sessionize.erase_user()");
	erasure.key_text = text_to_cstring(PG_GETARG_TEXT_PP(1));
	lock_pipeline(&erasure, name);
	erase(&erasure);
	return counts_row(fcinfo, &erasure);
}

/*
 * sessionize_erase_person erases all session keys of a user's person and returns how many rows were
 * deleted.
 */
PIPELINE_FUNCTION(sessionize_erase_person)
{
	Erasure erasure = {0};
	char *name = argument_pipeline(fcinfo);

	PreventCommandIfReadOnly("sessionize.erase_person()");
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("the person must not be NULL"),
				 errdetail("Session keys without a person are erased one by one."),
				 errhint("sessionize.erase_user('web', 'a-17') erases a session key.")));
	check_isolation("sessionize.erase_person()");
	lock_pipeline(&erasure, name);
	person_check_enabled(erasure.pipeline);
	erase_person(&erasure, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	return counts_row(fcinfo, &erasure);
}
