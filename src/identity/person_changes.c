/*
 * person_changes.c
 *		The pairs of session key and user id that may have come into dim_user or gone from it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "catalog/star_relation.h"
#include "compat.h"
#include "identity/person_changes.h"
#include "spi/row_query.h"

struct PersonChanges
{
	const Pipeline *pipeline;
	TupleDesc desc;
	Tuplestorestate *rows;
};

/*
 * person_changes_create returns no pairs.
 */
PersonChanges *
person_changes_create(const Pipeline *pipeline)
{
	Oid type = pipeline->types[SRC_SESSION_KEY];
	PersonChanges *changes;

	if (!pipeline->has_identity)
		return NULL;
	changes = palloc(sizeof(PersonChanges));
	changes->pipeline = pipeline;
	changes->desc = CreateTemplateTupleDesc(2);
	TupleDescInitEntry(changes->desc, 1, "session_key", type, -1, 0);
	if (OidIsValid(get_typcollation(type)))
		TupleDescInitEntryCollation(changes->desc, 1, C_COLLATION_OID);
	TupleDescInitEntry(changes->desc, 2, "user_id", TEXTOID, -1, 0);
	TupleDescInitEntryCollation(changes->desc, 2, C_COLLATION_OID);
	sz_finish_tuple_desc(changes->desc);
	changes->rows = tuplestore_begin_heap(true, false, work_mem);
	return changes;
}

/*
 * person_changes_add adds a pair.
 */
void
person_changes_add(PersonChanges *changes, Datum session_key, Datum user_id)
{
	Datum values[] = {session_key, user_id};
	bool isnull[lengthof(values)] = {false};

	tuplestore_putvalues(changes->rows, changes->desc, values, isnull);
}

/*
 * add_slot adds the pair in a slot.
 */
static void
add_slot(void *arg, TupleTableSlot *slot)
{
	slot_getallattrs(slot);
	person_changes_add(arg, slot->tts_values[0], slot->tts_values[1]);
}

/*
 * person_changes_add_keys adds the pairs of some keys.
 */
void
person_changes_add_keys(PersonChanges *changes, const KeyRelation *keys)
{
	const Pipeline *pipeline;

	if (changes == NULL)
		return;
	pipeline = changes->pipeline;
	/* the active snapshot may be older than the lock by which the keys are the caller's */
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
	key_relation_register(keys);
	row_query_connected(star_sql(pipeline,
								 "SELECT DISTINCT d.session_key, d.user_id FROM " KEY_ROWS
								 " AS k, @dim_user AS d "
								 "WHERE d.session_key %s k.session_key AND d.user_id IS NOT NULL",
								 key_equals_sql(pipeline->types[SRC_SESSION_KEY])),
						SQL_NO_VALUES, add_slot, changes);
	SPI_finish();
	PopActiveSnapshot();
}

/*
 * person_changes_any tells whether there are any pairs.
 */
bool
person_changes_any(const PersonChanges *changes)
{
	return changes != NULL && tuplestore_tuple_count(changes->rows) > 0;
}

/*
 * person_changes_rows returns the pairs.
 */
NamedRows
person_changes_rows(const PersonChanges *changes, const char *name)
{
	return (NamedRows){name, changes->desc, changes->rows};
}
