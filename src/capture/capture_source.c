/*
 * capture_source.c
 *		From a table with a capture trigger to its pipeline's dirty log, and from a row to its key
 *		and time.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "capture/capture_column.h"
#include "capture/capture_condition.h"
#include "capture/capture_source.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/raw_tree.h"
#include "compat.h"
#include "dirty/dirty.h"
#include "dirty/dirty_key.h"
#include "source/row_validate.h"
#include "source/source_mapping.h"
#include "spi/scope.h"
#include "utils/subtransaction.h"

/*
 * The columns that the key and the event time are computed from. The key comes first, as in
 * source_read_safe.c.
 */
static const SourceColumn captured[] = {SRC_SESSION_KEY, SRC_OCCURRED_AT, SRC_SENT_AT,
										SRC_RECEIVED_AT};

/*
 * A source's key in the cache: the relation and its trigger, or InvalidOid and the id of a pipeline
 * whose rows are given as values.
 */
typedef struct SourceKey
{
	Oid relation;
	Oid trigger;
} SourceKey;

struct CaptureSource
{
	SourceKey key;
	bool is_valid;
	uint64 version;        /* a new number whenever the source is looked up */
	bool is_changed;       /* changed since the last look-up began */
	bool is_void;          /* nothing to capture; looked up again in the next transaction */
	MemoryContext context; /* of the columns' expressions */
	Oid raw_table;         /* the source is invalid when raw_table, view or log.table changes */
	Oid view;
	DirtyLog log;
	Oid owner;
	SzClockRules clock;
	bool any_guarded; /* an expression may fail on a row */
	bool is_lost;     /* in this transaction an expression has failed, not due to the data */
	bool by_receipt;  /* occurred_at is not mapped */
	int attributes;   /* how many attributes of a row are always read */
	Oid *types;       /* types of so many values; NULL: rows come as a whole */
	CaptureColumn columns[lengthof(captured)];
};

/* A row that is being read while expressions are evaluated that may fail. */
typedef struct Reading
{
	CaptureSource *source;
	TupleTableSlot *slot;
	SourceRow row;
	int current; /* the position in captured[] */
} Reading;

static HTAB *sources = NULL;
static CaptureSource *last_source = NULL;
static uint64 last_version = 0;
static bool any_missing = false; /* some source has no pipeline or no log, or is lost */

/* A source that is being filled in. */
typedef struct Filling
{
	CaptureSource *source;
	Relation relation;
	const Pipeline *pipeline;
	bool is_done;
} Filling;

/*
 * forget_source has a source looked up again. Its memory may still be in use by callers, so it
 * stays until the transaction ends.
 */
static void
forget_source(CaptureSource *source)
{
	source->is_valid = false;
	source->is_changed = true;
	/* the pipeline may have another raw table now */
	if (!OidIsValid(source->key.relation))
		source->raw_table = InvalidOid;
	if (source == last_source)
		last_source = NULL;
}

/*
 * at_relation_change forgets the sources that depend on a relation (InvalidOid: all).
 */
static void
at_relation_change(Datum arg pg_attribute_unused(), Oid relation)
{
	HASH_SEQ_STATUS scan;
	CaptureSource *source;

	if (sources == NULL)
		return;
	hash_seq_init(&scan, sources);
	while ((source = hash_seq_search(&scan)) != NULL)
		if (!OidIsValid(relation) || relation == source->key.relation ||
			relation == source->raw_table || relation == source->view ||
			relation == source->log.table)
			forget_source(source);
}

/*
 * forget_missing forgets the sources without a pipeline or a log, since nothing tells when these
 * appear. It also has expressions tried again that have failed.
 */
static void
forget_missing(void)
{
	HASH_SEQ_STATUS scan;
	CaptureSource *source;

	any_missing = false;
	hash_seq_init(&scan, sources);
	while ((source = hash_seq_search(&scan)) != NULL)
	{
		source->is_lost = false;
		if (source->is_void || !OidIsValid(source->log.table))
			forget_source(source);
	}
}

/*
 * at_transaction_end forgets what must not outlive the transaction.
 */
static void
at_transaction_end(XactEvent event, void *arg pg_attribute_unused())
{
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
		return;
	capture_column_forget();
	if (any_missing)
		forget_missing();
}

/*
 * capture_source_install registers the callbacks for changed relations and for a transaction's end.
 */
void
capture_source_install(void)
{
	CacheRegisterRelcacheCallback(at_relation_change, (Datum) 0);
	RegisterXactCallback(at_transaction_end, NULL);
}

/*
 * capture_pipeline_id returns the id of the pipeline that a trigger belongs to.
 */
int32
capture_pipeline_id(const Trigger *trigger)
{
	char *end;
	long id;

	if (trigger->tgnargs != 1)
		return 0;
	errno = 0;
	id = strtol(trigger->tgargs[0], &end, 10);
	return errno == 0 && *end == '\0' && id > 0 && id <= PG_INT32_MAX ? (int32) id : 0;
}

/*
 * prepare_columns prepares the columns that the key and the event time are computed from. It
 * returns false if the view is not as create_pipeline made it.
 */
static bool
prepare_columns(CaptureSource *source, const Pipeline *pipeline, Relation relation)
{
	SourceMapping *mapping = source_mapping_find(pipeline);
	MemoryContext caller;

	if (mapping == NULL)
		return false;
	caller = MemoryContextSwitchTo(source->context);
	source->any_guarded = false;
	source->attributes = 0;
	source->by_receipt = !mapping->is_mapped[SRC_OCCURRED_AT];
	for (size_t i = 0; i < lengthof(captured); i++)
	{
		TargetEntry *target = list_nth_node(TargetEntry, mapping->targets, captured[i]);

		capture_column_init(&source->columns[i],
							mapping->is_mapped[captured[i]] ? (Node *) target->expr : NULL,
							mapping->varno, pipeline->source, relation);
		source->any_guarded |= source->columns[i].is_guarded;
		if (source->columns[i].nattributes > 0)
			source->attributes = Max(source->attributes, source->columns[i].attributes[0]);
	}
	MemoryContextSwitchTo(caller);
	return true;
}

/*
 * prepare prepares a source's columns as the pipeline's owner, since simplifying an expression
 * calls its functions.
 */
static void
prepare(void *arg)
{
	Filling *filling = arg;
	OwnerScope scope;

	role_scope_enter(&scope, filling->pipeline->owner);
	filling->is_done = prepare_columns(filling->source, filling->pipeline, filling->relation);
	owner_scope_leave(&scope);
}

/*
 * can_log tells whether keys can be logged. The log is there even if the schema was renamed, and
 * keys and event times depend on no time zone. But if objects have different owners, the
 * expressions of one role must not be evaluated with the rights of another.
 */
static bool
can_log(const Pipeline *pipeline)
{
	return pipeline->fault == PIPELINE_WHOLE || pipeline->fault == PIPELINE_SCHEMA_RENAMED ||
		   pipeline->fault == PIPELINE_ZONE_UNKNOWN;
}

/*
 * fill fills in a source of a pipeline.
 */
static void
fill(CaptureSource *source, Relation relation, Pipeline *pipeline, bool strict)
{
	Filling filling = {source, relation, pipeline, false};

	source->is_void = false;
	source->is_lost = false;
	source->raw_table = pipeline->source;
	source->view = pipeline->source_view;
	source->owner = pipeline->owner;
	source->clock = pipeline->clock;
	source->log.pipeline = pipeline->id;
	source->log.table = InvalidOid;
	source->log.key_type = INT4OID;
	if (!can_log(pipeline) || !pipeline_load_types(pipeline))
		return;
	if (strict)
		prepare(&filling);
	else if (try_for_others(prepare, &filling) != TRY_DONE)
		return;
	if (!filling.is_done)
		return;
	source->log.key_type = pipeline->types[SRC_SESSION_KEY];
	source->log.table = dirty_table(pipeline);
}

/*
 * capture_source_of returns a pipeline's source for the rows of a relation.
 */
CaptureSource *
capture_source_of(Relation relation, int32 id, bool strict)
{
	CaptureSource *source = palloc0(sizeof(CaptureSource));
	Pipeline *pipeline = pipeline_find_now(id);

	source->context = CurrentMemoryContext;
	if (pipeline == NULL)
		return NULL;
	fill(source, relation, pipeline, strict);
	return OidIsValid(source->log.table) ? source : NULL;
}

/*
 * capture_source_attributes returns the attributes that the key and the event time are computed
 * from.
 */
Bitmapset *
capture_source_attributes(const CaptureSource *source)
{
	Bitmapset *attributes = NULL;

	for (size_t i = 0; i < lengthof(captured); i++)
	{
		const CaptureColumn *column = &source->columns[i];

		if (column->expression != NULL)
			return NULL;
		for (int j = 0; j < column->nattributes; j++)
			attributes = bms_add_member(attributes, column->attributes[j]);
	}
	return attributes;
}

/*
 * take_values turns a source for the raw table's rows into a source for values. It returns false if
 * whole rows are needed, or if the triggers give the values of other columns.
 */
static bool
take_values(CaptureSource *source, Relation raw)
{
	Bitmapset *attributes = capture_source_attributes(source);
	int attribute = -1;

	if (attributes == NULL || !capture_condition_holds(raw, source->log.pipeline, attributes))
		return false;
	source->attributes = bms_num_members(attributes);
	source->types = MemoryContextAlloc(source->context, source->attributes * sizeof(Oid));
	for (int i = 0; (attribute = bms_next_member(attributes, attribute)) >= 0; i++)
		source->types[i] = TupleDescAttr(RelationGetDescr(raw), attribute - 1)->atttypid;
	for (size_t i = 0; i < lengthof(captured); i++)
	{
		CaptureColumn *column = &source->columns[i];

		for (int j = 0; j < column->nattributes; j++)
			column->attributes[j] =
				(AttrNumber) bms_member_index(attributes, column->attributes[j]) + 1;
	}
	return true;
}

/*
 * fill_for_values fills in a source for values.
 */
static void
fill_for_values(CaptureSource *source, Pipeline *pipeline)
{
	Relation raw = try_relation_open(pipeline->source, AccessShareLock);

	if (raw == NULL)
		return;
	fill(source, raw, pipeline, false);
	if (!OidIsValid(source->log.table) || !take_values(source, raw))
		source->is_void = true;
	relation_close(raw, AccessShareLock);
}

/*
 * look_up makes a source valid. The source stays invalid if a relation that it depends on changes
 * meanwhile, or if a function that is called in between looks the source up, too. relation is NULL
 * for a source for values.
 */
static void
look_up(CaptureSource *source, Relation relation, int32 id)
{
	MemoryContext context =
		AllocSetContextCreate(TopMemoryContext, "sessionize capture source", ALLOCSET_SMALL_SIZES);
	Pipeline *pipeline;

	if (source->context != NULL)
		MemoryContextSetParent(source->context, TopTransactionContext);
	source->context = context;
	source->is_changed = false;
	source->is_void = true;
	source->version = ++last_version;
	pipeline = pipeline_find_now(id);
	if (pipeline != NULL && relation == NULL)
		fill_for_values(source, pipeline);
	else if (pipeline != NULL && raw_tree_has(pipeline->source, relation))
		fill(source, relation, pipeline, false);
	source->is_valid = !source->is_changed && source->context == context;
	any_missing |= source->is_void || !OidIsValid(source->log.table);
}

/*
 * find_source returns the cache entry for a key, valid or not.
 */
static CaptureSource *
find_source(const SourceKey *key)
{
	CaptureSource *source;
	bool found;

	if (sources == NULL)
	{
		HASHCTL control = {.keysize = sizeof(SourceKey),
						   .entrysize = sizeof(CaptureSource),
						   .hcxt = TopMemoryContext};

		sources = hash_create("sessionize capture sources", 16, &control,
							  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	source = hash_search(sources, key, HASH_ENTER, &found);
	if (!found)
		memset((char *) source + sizeof(SourceKey), 0, sizeof(CaptureSource) - sizeof(SourceKey));
	return source;
}

/*
 * capture_source returns the source for a trigger that fired.
 */
CaptureSource *
capture_source(Relation relation, const Trigger *trigger)
{
	SourceKey key = {RelationGetRelid(relation), trigger->tgoid};
	CaptureSource *source = last_source;

	if (source == NULL || source->key.relation != key.relation ||
		source->key.trigger != key.trigger)
	{
		source = find_source(&key);
		if (!source->is_valid)
			look_up(source, relation, capture_pipeline_id(trigger));
		if (source->is_valid)
			last_source = source;
	}
	return source->is_void ? NULL : source;
}

/*
 * raw_table_of returns a pipeline's raw table; InvalidOid if there is no such pipeline. It is kept
 * in the cache even before the source is looked up, until the table changes, as it does when the
 * pipeline gets another one and the table loses its triggers.
 */
static Oid
raw_table_of(int32 id)
{
	SourceKey key = {InvalidOid, (Oid) id};
	CaptureSource *source = sources == NULL ? NULL : hash_search(sources, &key, HASH_FIND, NULL);
	Pipeline *pipeline;

	if (source != NULL && OidIsValid(source->raw_table))
		return source->raw_table;
	pipeline = pipeline_find_now(id);
	if (pipeline == NULL)
		return InvalidOid;
	source = find_source(&key);
	source->raw_table = pipeline->source;
	return source->raw_table;
}

/*
 * capture_source_may_insert tells whether a user may insert any row into a pipeline's raw table.
 */
bool
capture_source_may_insert(int32 pipeline, Oid user)
{
	Oid table = raw_table_of(pipeline);
	bool is_missing = false;

	return OidIsValid(table) &&
		   pg_class_aclcheck_ext(table, user, ACL_INSERT, &is_missing) == ACLCHECK_OK &&
		   !is_missing &&
		   sz_schema_aclcheck(get_rel_namespace(table), user, ACL_USAGE) == ACLCHECK_OK &&
		   check_enable_rls(table, user, true) != RLS_ENABLED;
}

/*
 * capture_source_of_values returns a pipeline's source for values.
 */
CaptureSource *
capture_source_of_values(int32 pipeline, uint64 *version)
{
	CaptureSource *source = find_source(&(SourceKey){InvalidOid, (Oid) pipeline});

	if (!source->is_valid)
		look_up(source, NULL, pipeline);
	*version = source->is_valid ? source->version : 0;
	return source->is_void ? NULL : source;
}

/*
 * capture_source_is_current tells whether a source is unchanged since it had this version.
 */
bool
capture_source_is_current(const CaptureSource *source, uint64 version)
{
	return source->is_valid && source->version == version;
}

/*
 * capture_source_types returns the types of the values.
 */
const Oid *
capture_source_types(const CaptureSource *source, int *count)
{
	*count = source->attributes;
	return source->types;
}

/*
 * read_column reads one of the captured columns.
 */
static void
read_column(Reading *reading, int i)
{
	reading->row.values[captured[i]] = capture_column_read(
		&reading->source->columns[i], reading->slot, &reading->row.isnull[captured[i]]);
}

/*
 * read_guarded reads the columns whose expressions may fail. "current" is the column being read.
 */
static void
read_guarded(void *arg)
{
	Reading *reading = (Reading *) arg;

	for (reading->current = 0; reading->current < (int) lengthof(captured); reading->current++)
	{
		const CaptureColumn *column = &reading->source->columns[reading->current];
		OwnerScope scope;

		if (!column->is_guarded)
			continue;
		if (column->is_users)
			role_scope_enter(&scope, reading->source->owner);
		read_column(reading, reading->current);
		if (column->is_users)
			owner_scope_leave(&scope);
	}
}

/*
 * set_range sets an entry's range of event time. It tells whether a refresh that reads only the raw
 * rows of this range finds the row.
 */
static CapturedAs
set_range(const CaptureSource *source, const SourceRow *row, DirtyKey *dirty)
{
	TimestampTz time;

	if (!SZ_TIME_IS_VALID(row_event_time(row, &source->clock, &time)))
		return CAPTURED_BY_KEY;
	dirty->lo = dirty->hi = time;
	return row_is_shifted(row, time, source->by_receipt) ? CAPTURED_BY_KEY : CAPTURED_BY_TIME;
}

/*
 * read_plain reads the columns that can't fail.
 */
static void
read_plain(Reading *reading)
{
	/* deform the row once, and not column by column */
	slot_getsomeattrs(reading->slot, reading->source->attributes);
	for (int i = 0; i < (int) lengthof(captured); i++)
		if (!reading->source->columns[i].is_guarded)
			read_column(reading, i);
}

/*
 * read_columns reads all columns, and tells whether an expression failed. The columns that were not
 * read then are NULL.
 */
static TryResult
read_columns(Reading *reading)
{
	TryResult result = TRY_DONE;

	read_plain(reading);
	if (reading->source->any_guarded)
		result = try_for_others(read_guarded, reading);
	if (result != TRY_DONE)
		reading->row.isnull[captured[reading->current]] = true;
	return result;
}

/*
 * capture_source_read finds out which key and which range of time a row makes dirty.
 */
CapturedAs
capture_source_read(CaptureSource *source, TupleTableSlot *slot, DirtyKey *dirty)
{
	Reading reading = {.source = source, .slot = slot};
	TryResult result = TRY_OTHER_ERROR;

	memset(reading.row.isnull, true, sizeof(reading.row.isnull));
	if (OidIsValid(source->log.table) && !source->is_lost)
		result = read_columns(&reading);
	if (result == TRY_OTHER_ERROR)
	{
		/* the note that is made for this covers all later rows of the transaction */
		source->is_lost = any_missing = true;
		*dirty = (DirtyKey){.isnull = true};
		return CAPTURED_NOT;
	}
	dirty->key = reading.row.values[SRC_SESSION_KEY];
	dirty->isnull = reading.row.isnull[SRC_SESSION_KEY];
	dirty_widen(dirty);
	return result == TRY_DONE ? set_range(source, &reading.row, dirty) : CAPTURED_BY_KEY;
}

/*
 * capture_source_add has the transaction log a row's entry.
 */
void
capture_source_add(const CaptureSource *source, CapturedAs as, DirtyKey *dirty)
{
	const DirtyLog lost = {source->log.pipeline, InvalidOid, INT4OID};

	if (as != CAPTURED_BY_TIME)
		dirty_widen(dirty);
	pending_keys_add(as == CAPTURED_NOT ? &lost : &source->log, dirty);
}

/*
 * capture_source_count counts a row that was updated or deleted.  What could not be captured is
 * left to the rebuild that is needed then.
 */
void
capture_source_count(const CaptureSource *source, const DirtyKey *former, const DirtyKey *now)
{
	bool is_gone = now == NULL;
	ChangedRows row = {!is_gone, is_gone, is_gone ? former->hi : Max(former->hi, now->hi)};

	if (!source->is_lost && changed_rows_counts(former->lo))
		pending_keys_count(&source->log, &row);
}
