/*
 * seal_move.c
 *		Moves a pipeline's seal: what comes before it counts from now on as it is, whatever becomes
 *		of its raw rows.
 *
 * Raw rows with earlier event times are copied to the table NAME.sealed, with the columns of the
 * view NAME.source, which are all that a derivation looks at.  From then on the star is derived
 * from the sealed rows and from the raw rows that are not sealed.  So moving the seal changes
 * nothing that was derived, except for late rows that are sealed now, and for rows that are no
 * longer sealed or late; their keys are logged as dirty.
 *
 * Refreshes go on while the rows are read, as during a rebuild (rebuild.c), and note the keys that
 * they write.  A refresh may have read other raw rows of such a key than those that are sealed, so
 * these keys are logged as dirty at the end, when no refresh is at work.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "capture/pending_keys.h"
#include "catalog/lock.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_contracts.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/raw_tree.h"
#include "catalog/star_relation.h"
#include "compat.h"
#include "derive/derive.h"
#include "dirty/dirty.h"
#include "dirty/dirty_key.h"
#include "dirty/refreshed_keys.h"
#include "run/progress.h"
#include "run/run.h"
#include "seal/seal_move.h"
#include "source/estimate.h"
#include "source/faulty_row.h"
#include "source/sealed_rows.h"
#include "source/source_mapping.h"
#include "spi/privileges.h"
#include "spi/scope.h"
#include "spi/sql.h"
#include "spi/sql_rows.h"
#include "star/star.h"
#include "star/star_check.h"
#include "utils/array_reserve.h"
#include "utils/pause.h"
#include "utils/value_bytes.h"

/* The names by which statements read the rows to add and to remove. */
#define ADDED_ROWS   "rows_added"
#define REMOVED_ROWS "rows_removed"

/* Rows that a statement is to add or to remove. */
typedef struct RowList
{
	TupleDesc desc;
	Tuplestorestate *rows;
	int64 count;
} RowList;

/* Places of sealed rows. */
typedef struct PlaceList
{
	ItemPointerData *places;
	int64 count;
	int64 room;
} PlaceList;

typedef struct SealMove
{
	const SealRequest *request;
	Pipeline *pipeline;
	MemoryContext context;
	MemoryContext row_context;
	TimestampTz from; /* the old horizon */
	TimestampTz to;   /* the new horizon */
	char *snapshot;   /* the one in which the rows are read, as text */
	DirtyLog log;
	RowList added;   /* with the view's columns */
	RowList removed; /* each row a tid */
	/* places of the sealed rows that are equal to the last one read, if not before "to" */
	PlaceList beyond;
	int64 nbeyond; /* number of all sealed rows that are not before "to" */
} SealMove;

/*
 * mark_key logs a key as dirty, with an unlimited range of time: the key has to be derived as a
 * whole, since the event times of its rows don't tell whether the rows counted before.
 */
static void
mark_key(const SealMove *move, Datum key, bool isnull)
{
	DirtyKey dirty = {key, isnull, DT_NOBEGIN, DT_NOEND};

	pending_keys_add(&move->log, &dirty);
}

/*
 * set_clock sets a column to the reading of a clock; DT_NOBEGIN becomes NULL.
 */
static void
set_clock(Datum *values, bool *isnull, SourceColumn column, TimestampTz reading)
{
	values[column] = TimestampTzGetDatum(reading);
	isnull[column] = TIMESTAMP_IS_NOBEGIN(reading);
}

/*
 * set_attributes sets the columns of the attributes, and of the zones.
 */
static void
set_attributes(const Pipeline *pipeline, const DerivedRow *row, Datum *values, bool *isnull)
{
	SourceColumn columns[KEPT_COLUMNS_MAX];
	int count = kept_columns(pipeline->ncolumns, pipeline->zone_by_row, columns);

	for (ZoneRule rule = 0; rule < ZONE_RULES; rule++)
		isnull[zone_column(rule)] = true;
	for (int i = 0; i < count; i++)
	{
		SourceColumn column = columns[i];

		values[column] =
			value_of_bytes(value_layout(pipeline->types[column]), row->kept[i], &isnull[column]);
	}
	/* a row that has no zone in the table was sealed while the rule had one zone for all */
	for (ZoneRule rule = 0; rule < ZONE_RULES; rule++)
		if (pipeline->zone_by_row[rule] && isnull[zone_column(rule)])
		{
			values[zone_column(rule)] = CStringGetTextDatum(ZONE_OF_NONE);
			isnull[zone_column(rule)] = false;
		}
}

/*
 * add_row adds a raw row to the rows to seal.
 */
static void
add_row(SealMove *move, const DerivedRow *row)
{
	MemoryContext caller = MemoryContextSwitchTo(move->row_context);
	Datum values[SRC_MAX_COLUMNS] = {0};
	bool isnull[SRC_MAX_COLUMNS] = {false};

	values[SRC_SESSION_KEY] = row->session_key;
	values[SRC_EVENT_ID] = row->event_id.value;
	isnull[SRC_EVENT_ID] = row->event_id.isnull;
	values[SRC_RAW_ID] = row->raw_id;
	set_attributes(move->pipeline, row, values, isnull);
	set_clock(values, isnull, SRC_OCCURRED_AT, row->occurred_at);
	set_clock(values, isnull, SRC_SENT_AT, row->sent_at);
	set_clock(values, isnull, SRC_RECEIVED_AT, row->received_at);
	values[SRC_RESTART] = BoolGetDatum(row->restart);
	values[SRC_PAGE_VIEW] = BoolGetDatum(row->page_view);
	values[SRC_FILTER] = BoolGetDatum(true);
	tuplestore_putvalues(move->added.rows, move->added.desc, values, isnull);
	move->added.count++;
	progress_add(PROGRESS_EVENTS, 1);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(move->row_context);
}

/*
 * take_unsealed takes a raw row that is not sealed and comes before the later one of the old and
 * the new horizon.  A row before the old horizon was late until now.
 */
static void
take_unsealed(void *arg, const DerivedRow *row)
{
	SealMove *move = arg;
	bool was_late = row->event_time < move->from;
	bool is_sealed = row->event_time < move->to && (!was_late || move->request->take_late);

	if (is_sealed)
		add_row(move, row);
	if (was_late && (is_sealed || row->event_time >= move->to))
		mark_key(move, row->session_key, false);
}

/*
 * add_place keeps the place of a sealed row.
 */
static void
add_place(SealMove *move, ItemPointerData place)
{
	PlaceList *list = &move->beyond;
	MemoryContext caller = MemoryContextSwitchTo(move->context);

	array_reserve(list->places, list->count, list->room, 64);
	MemoryContextSwitchTo(caller);
	list->places[list->count++] = place;
}

/*
 * take_sealed takes a sealed row.  If it is not before the new horizon, its place is kept for the
 * raw row that is its twin.
 */
static void
take_sealed(void *arg, const DerivedRow *row, bool is_first)
{
	SealMove *move = arg;

	if (is_first)
		move->beyond.count = 0;
	if (row->event_time < move->to)
		return;
	move->nbeyond++;
	add_place(move, row->tid);
}

/*
 * take_twin takes the raw row of a sealed row.  If they are not before the new horizon, the sealed
 * row is removed, so that the raw row counts as it is now.
 */
static void
take_twin(void *arg, const DerivedRow *row)
{
	SealMove *move = arg;
	bool isnull = false;
	Datum place;

	if (row->event_time < move->to)
		return;
	Assert(move->beyond.count > 0);
	place = PointerGetDatum(&move->beyond.places[--move->beyond.count]);
	tuplestore_putvalues(move->removed.rows, move->removed.desc, &place, &isnull);
	move->removed.count++;
	mark_key(move, row->session_key, false);
}

/*
 * mark_judged logs the keys of rows that violate a contract and lie before the new horizon: rows
 * before a horizon are not judged, so that these are late from now on.
 */
static void
mark_judged(const SealMove *move, Derivation *derivation)
{
	TupleDesc desc;
	Tuplestorestate *rows = derive_quarantine(derivation, &desc);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);

	while (tuplestore_gettupleslot(rows, true, false, slot))
	{
		slot_getallattrs(slot);
		if (!slot->tts_isnull[FAULTY_RULE] &&
			(slot->tts_isnull[FAULTY_EVENT_TIME] ||
			 DatumGetTimestampTz(slot->tts_values[FAULTY_EVENT_TIME]) < move->to))
			mark_key(move, slot->tts_values[FAULTY_SESSION_KEY], false);
	}
	ExecDropSingleTupleTableSlot(slot);
}

/*
 * show_rows_read counts the rows read.
 */
static void
show_rows_read(void *arg pg_attribute_unused(), int64 rows_read)
{
	progress_set(PROGRESS_ROWS_READ, rows_read);
}

/*
 * check_detaching reports a partition that is being detached: the snapshot does not see its rows
 * any more, so they would not be sealed, but the star still has them.
 */
static void
check_detaching(const Pipeline *pipeline)
{
	ListCell *cell;

	foreach (cell, raw_tree_members(pipeline->source, GetActiveSnapshot()))
	{
		const RawMember *member = lfirst(cell);

		if (member->is_detaching)
			ereport(
				ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("pipeline \"%s\" can't be sealed while table %s is being detached",
						pipeline->name, sql_qualified_name(member->relid)),
				 errhint("Wait for its DETACH PARTITION ... CONCURRENTLY. One that was "
						 "interrupted ends by ALTER TABLE ... DETACH PARTITION ... FINALIZE;")));
	}
}

/*
 * read_rows finds the rows to add and to remove.
 *
 * If no sealed row lies at or after the old horizon, no raw row between the old and the new horizon
 * can match one, and rows before the old horizon stay as they are.  Then the sealed rows, by far
 * the most in the end, need not be read.
 */
static void
read_rows(SealMove *move)
{
	Pipeline *pipeline = palloc(sizeof(Pipeline));
	DeriveSink sink = {
		.late = take_unsealed, .sealed = take_sealed, .twin = take_twin, .arg = move};
	bool with_sealed =
		move->to < move->from || move->pipeline->sealed_beyond || move->request->take_late;
	Derivation *derivation;

	*pipeline = *move->pipeline;
	pipeline->has_seal = true;
	pipeline->sealed_before = Max(move->from, move->to);
	PushActiveSnapshot(GetTransactionSnapshot());
	check_detaching(move->pipeline);
	move->snapshot = refreshed_keys_snapshot();
	progress_phase(PHASE_READING);
	progress_set(PROGRESS_ROWS_ESTIMATED, raw_table_estimate(pipeline->source));
	derivation = derive_begin(pipeline, move->context, 0, (Size) maintenance_work_mem * 1024);
	derive_for_seal(derivation, with_sealed);
	derive_read(derivation, GetActiveSnapshot(), NULL, show_rows_read, NULL);
	mark_judged(move, derivation);
	derive_quarantine_end(derivation);
	progress_phase(PHASE_SEALING);
	for (int piece = 0; piece < derive_pieces(derivation); piece++)
	{
		DeriveCounts counts;

		derive_piece(derivation, piece, &sink, &counts);
	}
	derive_end(derivation);
	PopActiveSnapshot();
}

/*
 * write_rows removes and adds the rows, and reports rows that a statement did not reach.
 */
static void
write_rows(SealMove *move)
{
	const Pipeline *pipeline = move->pipeline;
	char *table = star_relation(pipeline, STAR_SEALED);
	StringInfoData columns;
	uint64 removed;
	uint64 added;

	initStringInfo(&columns);
	for (int column = 0; column < pipeline->ncolumns; column++)
		if (!column_is_judged(column, pipeline->types[column]))
			appendStringInfo(&columns, "%s%s", column > 0 ? ", " : "",
							 quote_identifier(source_column_name(pipeline, column)));
	removed = sql_execute_with_rows(psprintf("DELETE FROM ONLY %s AS s USING " REMOVED_ROWS
											 " AS r WHERE s.ctid = r.place",
											 table),
									REMOVED_ROWS, move->removed.desc, move->removed.rows);
	added = sql_execute_with_rows(psprintf("INSERT INTO %s (%s) SELECT %s FROM " ADDED_ROWS, table,
										   columns.data, columns.data),
								  ADDED_ROWS, move->added.desc, move->added.rows);
	if (removed != (uint64) move->removed.count || added != (uint64) move->added.count)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE), errmsg("table %s was changed meanwhile", table),
				 errdetail("Somebody else writes to it, or a trigger or rule of it does."),
				 errhint("A pipeline's tables are changed by its pipeline alone.  Try again.")));
}

/*
 * begin_collecting prepares to collect rows.
 */
static void
begin_collecting(SealMove *move)
{
	Pipeline *pipeline = move->pipeline;

	move->context =
		AllocSetContextCreate(CurrentMemoryContext, "sessionize seal", ALLOCSET_DEFAULT_SIZES);
	move->row_context =
		AllocSetContextCreate(move->context, "sessionize sealed row", ALLOCSET_DEFAULT_SIZES);
	move->from = pipeline->sealed_before;
	move->log = (DirtyLog){pipeline->id, dirty_table(pipeline), pipeline->types[SRC_SESSION_KEY]};
	move->added.desc = CreateTemplateTupleDesc(pipeline->ncolumns);
	for (int column = 0; column < pipeline->ncolumns; column++)
		TupleDescInitEntry(move->added.desc, (AttrNumber) (column + 1),
						   source_column_name(pipeline, column), pipeline->types[column], -1, 0);
	sz_finish_tuple_desc(move->added.desc);
	move->removed.desc = CreateTemplateTupleDesc(1);
	TupleDescInitEntry(move->removed.desc, 1, "place", TIDOID, -1, 0);
	sz_finish_tuple_desc(move->removed.desc);
	move->added.rows = tuplestore_begin_heap(true, false, maintenance_work_mem);
	move->removed.rows = tuplestore_begin_heap(true, false, work_mem);
}

/*
 * mark_refreshed logs the keys as dirty that were refreshed after the rows were read.
 */
static void
mark_refreshed(const SealMove *move)
{
	StaleKeys *keys;

	PushActiveSnapshot(GetTransactionSnapshot());
	keys = refreshed_keys_load(move->pipeline, move->snapshot, 0, 0);
	PopActiveSnapshot();
	refreshed_keys_forget(move->pipeline);
	if (keys == NULL)
		return;
	for (uint32 i = 0; i < keys->keys.count; i++)
		mark_key(move, key_hash_entry(&keys->keys, i)->key, false);
	if (keys->has_null)
		mark_key(move, (Datum) 0, true);
}

/*
 * is_taken_back tells whether no sealed row is left and none will be added: then there is no seal.
 */
static bool
is_taken_back(const SealMove *move)
{
	return TIMESTAMP_IS_NOBEGIN(move->to) && move->nbeyond == move->removed.count;
}

/*
 * forget_late deletes the late rows, which nobody reads without a seal.  Their keys are in the
 * dirty log by now.
 */
static void
forget_late(const SealMove *move)
{
	uint64 rows = sql_executef("DELETE FROM ONLY %s", star_relation(move->pipeline, STAR_LATE));

	if (rows > 0)
		run_forgets_late(move->pipeline, (int64) rows);
}

/*
 * move_horizon does all the work, most of it as the pipeline's owner.
 */
static void
move_horizon(SealMove *move)
{
	OwnerScope scope;

	owner_scope_enter(&scope, move->pipeline);
	check_may_read(move->pipeline->source);
	star_check_sealed(move->pipeline, RowExclusiveLock);
	begin_collecting(move);
	read_rows(move);
	PAUSE_POINT("seal-read");
	write_rows(move);
	if (move->added.count > 0)
		sql_executef("ANALYZE %s", star_relation(move->pipeline, STAR_SEALED));
	tuplestore_end(move->added.rows);
	tuplestore_end(move->removed.rows);
	pipeline_lock_transaction(move->pipeline);
	if (move->request->concurrent)
		mark_refreshed(move);
	if (is_taken_back(move))
		forget_late(move);
	owner_scope_leave(&scope);
	if (is_taken_back(move))
		catalog_remove_seal(move->pipeline->id);
	else
		catalog_write_seal(move->pipeline->id, move->to, move->nbeyond > move->removed.count);
	/* rows before the horizon are no longer rejected */
	if (pipeline_contracts_reject(move->pipeline->contracts))
		CacheInvalidateRelcacheByRelid(move->pipeline->source);
	MemoryContextDelete(move->context);
}

/*
 * seal_move moves the seal.
 */
SealResult
seal_move(const SealRequest *request)
{
	SealMove move = {.request = request, .pipeline = request->pipeline, .to = request->to};

	move_horizon(&move);
	return (SealResult){.sealed = move.added.count, .unsealed = move.removed.count};
}
