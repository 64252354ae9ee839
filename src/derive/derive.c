/*
 * derive.c
 *		From raw rows to events, sessions and user versions.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_inherits.h"
#include "common/pg_prng.h"
#include "optimizer/plancat.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"

#include "catalog/pipeline.h"
#include "core/hash.h"
#include "derive/derive.h"
#include "derive/event_days.h"
#include "derive/key_fold.h"
#include "derive/key_rows.h"
#include "derive/key_rows_external.h"
#include "derive/key_rows_memory.h"
#include "derive/quarantine_rows.h"
#include "derive/spool.h"
#include "source/contract_judge.h"
#include "source/direct_read.h"
#include "source/estimate.h"
#include "source/faulty_row.h"
#include "source/row_validate.h"
#include "source/sealed_rows.h"
#include "source/source_mapping.h"
#include "source/source_read_safe.h"
#include "source/source_reader.h"
#include "spi/key_relation.h"
#include "utils/pass_limit.h"
#include "utils/piece.h"
#include "utils/subtransaction.h"
#include "window/window.h"

/* A piece has at most about so many rows, if the number of pieces can be chosen. */
#define MAX_PIECE_ROWS 250000

/* The memory that a row takes, roughly, as a record and while it is sorted. */
#define ROW_COST 200

/* The memory for the buffers of a piece; the budget should hold at least these. */
#define PIECE_COST (32 * 1024)

/* progress is called once in so many rows. */
#define PROGRESS_ROWS 4096

typedef struct PieceState
{
	PieceDigest digest;
	int64 quarantined;
} PieceState;

/* What a call of derive_read or derive_read_keys reads. */
typedef struct SourceReading
{
	const bool *wanted;      /* a flag for each piece; NULL: all pieces are wanted */
	const KeyRelation *keys; /* NULL: all keys */
	DeriveProgress progress; /* NULL: no callback */
	void *progress_arg;
} SourceReading;

/* Memory for the records of pieces that are not wanted, RECORD_MAX_SIZE at most. */
typedef struct RecordScratch
{
	Record *record;
	Size size;
} RecordScratch;

/* The quarantined rows. */
typedef struct Quarantine
{
	QuarantineRows *rows;
	Tuplestorestate *result;
	TupleDesc desc;
} Quarantine;

struct Derivation
{
	MemoryContext context;
	const Pipeline *pipeline;
	RecordFormat format;
	EventDays days;
	SourceMapping *mapping;
	DedupRules dedup;
	SealFilter seal;
	bool without_sealed;
	Windows *windows; /* NULL: whole keys are derived */
	Size budget;
	int pieces;
	PieceState *states;
	Spool *spool;
	SourceReading reading;
	RecordScratch scratch;
	Quarantine quarantine;
	DeriveCounts counts;    /* of what was read */
	const DeriveSink *sink; /* of the piece being derived */
	KeyRows *checked;       /* the rows of the piece, if its windows were checked; else NULL */
};

/*
 * piece_budget returns the part of the budget for sorting the piece being derived.
 */
static inline Size
piece_budget(Size budget)
{
	return budget / 4;
}

/*
 * pages_budget returns the part of the budget for the set of pages of a session.
 */
static inline Size
pages_budget(Size budget)
{
	return budget / 16;
}

/*
 * spool_budget returns the part of the budget for the records of all pieces.
 */
static inline Size
spool_budget(Size budget)
{
	return budget - piece_budget(budget) - pages_budget(budget);
}

/*
 * derive_sample returns the pieces of a sample of the keys.
 */
bool *
derive_sample(double part)
{
	bool *wanted = palloc(DERIVE_SAMPLE_PIECES * sizeof(bool));

	for (int i = 0; i < DERIVE_SAMPLE_PIECES; i++)
		wanted[i] = i < ceil(part * DERIVE_SAMPLE_PIECES);
	return wanted;
}

/*
 * derive_piece_rows returns how many rows a piece should have, if its size can be chosen.
 */
int64
derive_piece_rows(Size budget)
{
	return (int64) Min(MAX_PIECE_ROWS, piece_budget(budget) / ROW_COST);
}

/*
 * choose_pieces returns a number of pieces, a power of two, with which each piece fits into its
 * part of the budget, if possible.
 */
static int
choose_pieces(double rows, Size budget)
{
	double needed = Max(rows / MAX_PIECE_ROWS, rows * ROW_COST / piece_budget(budget));
	Size most = Min(Max(budget / PIECE_COST, 16), DERIVE_MAX_PIECES);
	int pieces = 1;

	while (pieces < needed && (Size) pieces * 2 <= most)
		pieces *= 2;
	return pieces;
}

/*
 * hand_over converts a record to what a sink is called with.
 */
static void
hand_over(const Derivation *derivation, const Record *record, DerivedRow *row)
{
	const RecordFormat *format = &derivation->format;

	memset(row, 0, offsetof(DerivedRow, kept));
	row->session_key = record_key(format, record);
	row->event_time = record->event_time;
	row->event_id.isnull = (record->flags & RECORD_NO_EVENT_ID) != 0;
	if (!row->event_id.isnull)
		row->event_id.value = record_event_id(format, record);
	row->raw_id = record_raw_id(format, record);
	for (int i = 0; i < format->nattributes; i++)
		row->kept[i] = record_attribute(record, i);
	row->restart = (record->flags & RECORD_RESTART) != 0;
	row->page_view = (record->flags & RECORD_PAGE_VIEW) != 0;
	if (record->flags & RECORD_ORIGIN)
	{
		const RecordOrigin *origin = record_origin(record);

		row->occurred_at = origin->occurred_at;
		row->sent_at = origin->sent_at;
		row->received_at = origin->received_at;
		row->table = origin->table;
		row->tid = origin->tid;
	}
}

/*
 * late_record, sealed_record and twin_record are the callbacks of the seal's filter, and call the
 * sink.
 */
static void
late_record(void *arg, const Record *record)
{
	Derivation *derivation = (Derivation *) arg;
	DerivedRow row;

	if (derivation->sink->late == NULL)
		return;
	hand_over(derivation, record, &row);
	derivation->sink->late(derivation->sink->arg, &row);
}

static void
sealed_record(void *arg, const Record *record, bool is_first)
{
	Derivation *derivation = (Derivation *) arg;
	DerivedRow row;

	if (derivation->sink->sealed == NULL)
		return;
	hand_over(derivation, record, &row);
	derivation->sink->sealed(derivation->sink->arg, &row, is_first);
}

static void
twin_record(void *arg, const Record *record)
{
	Derivation *derivation = (Derivation *) arg;
	DerivedRow row;

	if (derivation->sink->twin == NULL)
		return;
	hand_over(derivation, record, &row);
	derivation->sink->twin(derivation->sink->arg, &row);
}

/*
 * begin_seal sets up the filter that tells which rows count, if the pipeline has a seal.
 */
static void
begin_seal(Derivation *derivation)
{
	const Pipeline *pipeline = derivation->pipeline;

	for (ZoneRule rule = 0; rule < ZONE_RULES; rule++)
		if (pipeline->zone_by_row[rule])
		{
			const char *name = pg_get_timezone_name(pipeline->zones[rule]);

			if (!zone_is_posix(name))
				derivation->format.sealed_zone[rule] = (TextView){name, strlen(name)};
		}
	derivation->format.sealed_before = derivation->pipeline->sealed_before;
	derivation->seal = (SealFilter){.format = &derivation->format,
									.late = late_record,
									.sealed = sealed_record,
									.twin = twin_record,
									.arg = derivation};
	if (derivation->pipeline->has_seal)
		derivation->dedup.seal = &derivation->seal;
}

/*
 * derive_begin prepares a derivation.
 */
Derivation *
derive_begin(const Pipeline *pipeline, MemoryContext parent, int pieces, Size budget)
{
	MemoryContext context =
		AllocSetContextCreate(parent, "sessionize derivation", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Derivation *derivation = palloc0(sizeof(Derivation));

	derivation->context = context;
	derivation->pipeline = pipeline;
	derivation->budget = Max(budget, 64 * 1024);
	record_format_init(&derivation->format, pipeline->types, pipeline->ncolumns,
					   pipeline->zone_by_row);
	event_days_init(&derivation->days, pipeline, &derivation->format);
	derivation->format.seed = pg_prng_uint64(&pg_global_prng_state);
	derivation->dedup = (DedupRules){&derivation->format, pipeline->dedup_window, NULL};
	begin_seal(derivation);
	if (pipeline->contracts != NULL)
		derivation->format.judge = contract_judge_create(pipeline->contracts, JUDGE_EVENTS);
	derivation->format.judged_since = pipeline->judged_since;
	derivation->format.quarantine = pipeline->quarantine;
	derivation->mapping = source_mapping(pipeline);
	derivation->format.by_receipt = !derivation->mapping->is_mapped[SRC_OCCURRED_AT];
	derivation->pieces = pieces > 0 ? pieces : choose_pieces(source_estimate(pipeline), budget);
	if (derivation->pieces > DERIVE_MAX_PIECES ||
		(derivation->pieces & (derivation->pieces - 1)) != 0)
		elog(ERROR, "a derivation can't have %d pieces", derivation->pieces);
	derivation->states = palloc0(derivation->pieces * sizeof(PieceState));
	derivation->spool = spool_create(context, derivation->pieces, spool_budget(derivation->budget));
	MemoryContextSwitchTo(caller);
	return derivation;
}

/*
 * derive_for_seal changes which sealed rows are read, and what of them.
 */
void
derive_for_seal(Derivation *derivation, bool with_sealed)
{
	derivation->format.sealed_origins = true;
	derivation->without_sealed = !with_sealed;
}

/*
 * add_to_digest adds a row's contents to its piece's digest.
 */
static inline void
add_to_digest(PieceState *state, const void *contents, Size len)
{
	SzHash128 hash = sz_hash_bytes_wide(contents, len);

	state->digest.sum[0] += hash.half[0];
	state->digest.sum[1] += hash.half[1];
}

/*
 * digest_quarantined adds a quarantined row's reason and raw id to its piece's digest.
 */
static void
digest_quarantined(PieceState *state, const Datum *values, const bool *isnull)
{
	StringInfoData contents;

	initStringInfo(&contents);
	appendStringInfoString(&contents, TextDatumGetCString(values[FAULTY_REASON]));
	appendStringInfoChar(&contents, '\0');
	if (!isnull[FAULTY_RAW_ID])
		appendStringInfoString(&contents, TextDatumGetCString(values[FAULTY_RAW_ID]));
	add_to_digest(state, contents.data, contents.len);
}

/*
 * piece_of_faulty returns the piece of a faulty row: that of its key, if it is known.
 */
static PieceState *
piece_of_faulty(const Derivation *derivation, const Datum *values, const bool *isnull)
{
	const KeyType *key = &derivation->format.key;
	Datum value = values[FAULTY_SESSION_KEY];

	if (isnull[FAULTY_SESSION_KEY] || key_type_content_length(key, value) > RECORD_MAX_KEY)
		return &derivation->states[0];
	return &derivation->states[piece_of_hash(
		key_type_stable_hash(key, key_type_pack(key, value), 0), derivation->pieces)];
}

/*
 * is_not_of_window tells whether a faulty row is not to be collected, since only a window of its
 * key is derived.  One that violates a contract counts if it lies in the window.  Any other one, or
 * one that is found by another time than its event time, only makes the window invalid, since the
 * key is then derived as a whole.
 */
static bool
is_not_of_window(const Derivation *derivation, const Datum *values, const bool *isnull)
{
	const Window *window;
	TimestampTz time;

	if (derivation->windows == NULL || isnull[FAULTY_SESSION_KEY])
		return false;
	if (isnull[FAULTY_EVENT_TIME])
		return window_spoil(derivation->windows, values[FAULTY_SESSION_KEY]);
	window = window_find(derivation->windows, values[FAULTY_SESSION_KEY]);
	time = DatumGetTimestampTz(values[FAULTY_EVENT_TIME]);
	return window != NULL && (time < window->since || time >= window->until);
}

/*
 * take_faulty collects a row that no event can be made of.
 */
static void
take_faulty(Derivation *derivation, HeapTuple row)
{
	Datum values[FAULTY_COLUMNS];
	bool isnull[FAULTY_COLUMNS];
	PieceState *state;

	heap_deform_tuple(row, quarantine_rows_desc(derivation->quarantine.rows), values, isnull);
	if (is_not_of_window(derivation, values, isnull))
		return;
	state = piece_of_faulty(derivation, values, isnull);
	state->quarantined++;
	derivation->counts.quarantined++;
	digest_quarantined(state, values, isnull);
	quarantine_rows_add(derivation->quarantine.rows, row);
}

/*
 * count_row counts a raw row, and reports progress.
 */
static inline void
count_row(Derivation *derivation)
{
	if (++derivation->counts.raw_rows % PROGRESS_ROWS == 0 && derivation->reading.progress != NULL)
		derivation->reading.progress(derivation->reading.progress_arg, derivation->counts.raw_rows);
}

/*
 * new_record returns memory for a record: in its piece if the piece is wanted, else memory that
 * lasts until the next call.
 */
static Record *
new_record(Derivation *derivation, int piece, Size size)
{
	const bool *wanted = derivation->reading.wanted;
	RecordScratch *scratch = &derivation->scratch;

	if (wanted == NULL || wanted[piece])
		return spool_append(derivation->spool, piece, size);
	if (size > scratch->size)
	{
		if (scratch->record != NULL)
			pfree(scratch->record);
		scratch->size = Max(size * 2, 1024);
		scratch->record = MemoryContextAlloc(derivation->context, scratch->size);
	}
	return scratch->record;
}

/*
 * finish_record completes a record that lies in its final place, and adds it to its piece's digest.
 */
static inline void
finish_record(Derivation *derivation, int piece, Record *record)
{
	add_to_digest(&derivation->states[piece], record, record->size);
	record_hash_id(&derivation->format, record);
}

/*
 * take_row makes a record of a row of the source and puts it into its piece.
 */
static void
take_row(void *arg, const SourceRow *row)
{
	Derivation *derivation = (Derivation *) arg;
	RecordParts parts;
	RowFault fault;
	Record *record;
	Size size;
	int piece;

	pass_progress();
	if (!row->is_sealed)
		count_row(derivation);
	if (row->is_filtered)
	{
		derivation->counts.filtered++;
		return;
	}
	if (!row_to_parts(row, &derivation->pipeline->clock, &derivation->format, &parts, &size,
					  &fault))
	{
		take_faulty(derivation, faulty_row_form(quarantine_rows_desc(derivation->quarantine.rows),
												&derivation->format, row, &fault));
		return;
	}
	derivation->counts.warned += parts.warned;
	piece = piece_of_hash(parts.key_hash, derivation->pieces);
	record = new_record(derivation, piece, size);
	record_write(&derivation->format, &parts, size, record);
	finish_record(derivation, piece, record);
}

/*
 * take_record copies a record that direct_read has made into its piece.
 */
static void
take_record(void *arg, const Record *made)
{
	Derivation *derivation = (Derivation *) arg;
	int piece = piece_of_hash(made->key_hash, derivation->pieces);
	Record *record = new_record(derivation, piece, made->size);

	pass_progress();
	count_row(derivation);
	memcpy(record, made, made->size);
	finish_record(derivation, piece, record);
}

/*
 * take_made_faulty collects a faulty row that direct_read has made.
 */
static void
take_made_faulty(void *arg, HeapTuple row)
{
	Derivation *derivation = (Derivation *) arg;

	pass_progress();
	count_row(derivation);
	take_faulty(derivation, row);
}

/*
 * take_warned counts records that violate a contract.
 */
static void
take_warned(void *arg, int64 rows)
{
	((Derivation *) arg)->counts.warned += rows;
}

/*
 * take_filtered counts rows that direct_read has filtered.
 */
static void
take_filtered(void *arg, int64 rows)
{
	Derivation *derivation = (Derivation *) arg;

	for (int64 i = 0; i < rows; i++)
		count_row(derivation);
	derivation->counts.filtered += rows;
}

/*
 * forget_rows discards all that was read.
 */
static void
forget_rows(Derivation *derivation)
{
	spool_clear(derivation->spool);
	quarantine_rows_clear(derivation->quarantine.rows);
	memset(&derivation->counts, 0, sizeof(derivation->counts));
	memset(derivation->states, 0, derivation->pieces * sizeof(PieceState));
}

/*
 * read_all reads the raw rows, directly or by a query.  It fails if an expression of the view does.
 */
static void
read_all(void *arg)
{
	Derivation *derivation = (Derivation *) arg;
	RowTaker taker = {take_row,      take_record, take_made_faulty,
					  take_filtered, take_warned, derivation};

	if (derivation->reading.keys != NULL ||
		!direct_read(derivation->pipeline, derivation->mapping, &derivation->format, &taker))
		source_read(derivation->pipeline, derivation->mapping, derivation->reading.keys, take_row,
					derivation);
}

/*
 * read_safe reads the raw rows again after an expression has failed, so that only the rows on which
 * one fails are quarantined.
 */
static void
read_safe(Derivation *derivation)
{
	forget_rows(derivation);
	source_read_safe(derivation->pipeline, derivation->mapping, derivation->reading.keys, take_row,
					 derivation);
}

/*
 * read_source reads the rows that derivation->reading asks for.
 */
static void
read_source(Derivation *derivation, Snapshot snapshot)
{
	const SourceReading *reading = &derivation->reading;
	Quarantine *quarantine = &derivation->quarantine;
	MemoryContext caller = MemoryContextSwitchTo(derivation->context);

	quarantine->rows = quarantine_rows_begin(&derivation->format.key);
	PushActiveSnapshot(snapshot);
	if (!try_in_subtransaction(read_all, derivation, NULL))
		read_safe(derivation);
	if (derivation->pipeline->has_seal && !derivation->without_sealed)
		sealed_rows_read(derivation->pipeline, reading->keys, take_row, derivation);
	quarantine->result =
		quarantine_rows_finish(quarantine->rows, derivation->pipeline, &quarantine->desc);
	PopActiveSnapshot();
	if (reading->progress != NULL)
		reading->progress(reading->progress_arg, derivation->counts.raw_rows);
	MemoryContextSwitchTo(caller);
}

/*
 * derive_read reads all rows of the source.
 */
void
derive_read(Derivation *derivation, Snapshot snapshot, const bool *wanted, DeriveProgress progress,
			void *progress_arg)
{
	derivation->reading =
		(SourceReading){.wanted = wanted, .progress = progress, .progress_arg = progress_arg};
	read_source(derivation, snapshot);
}

/*
 * derive_read_keys reads the rows of some keys.
 */
void
derive_read_keys(Derivation *derivation, Snapshot snapshot, const KeyRelation *keys)
{
	derivation->reading = (SourceReading){.keys = keys};
	read_source(derivation, snapshot);
	derivation->reading.keys = NULL;
}

/*
 * derive_pieces returns the number of pieces.
 */
int
derive_pieces(const Derivation *derivation)
{
	return derivation->pieces;
}

/*
 * derive_digest returns the digest of a piece's source rows.
 */
PieceDigest
derive_digest(const Derivation *derivation, int piece)
{
	return derivation->states[piece].digest;
}

/*
 * derive_read_counts returns how many rows were read, quarantined and filtered.
 */
const DeriveCounts *
derive_read_counts(const Derivation *derivation)
{
	return &derivation->counts;
}

/*
 * derive_quarantine returns the quarantined rows.
 */
Tuplestorestate *
derive_quarantine(Derivation *derivation, TupleDesc *desc)
{
	*desc = derivation->quarantine.desc;
	tuplestore_rescan(derivation->quarantine.result);
	return derivation->quarantine.result;
}

/*
 * derive_quarantine_end frees the quarantined rows.
 */
void
derive_quarantine_end(Derivation *derivation)
{
	quarantine_rows_end(derivation->quarantine.rows);
	derivation->quarantine = (Quarantine){.rows = NULL};
}

/*
 * piece_rows returns the piece's rows in order.  They are sorted in memory if they fit.
 */
static KeyRows *
piece_rows(Derivation *derivation, int piece)
{
	Spool *spool = derivation->spool;
	int64 rows = spool_rows(spool, piece);
	Size budget = piece_budget(derivation->budget);

	if (rows <= KEY_ROWS_MAX_IN_MEMORY &&
		(!spool_is_spilled(spool, piece) ||
		 spool_bytes(spool, piece) + rows * KEY_ROWS_COST_PER_ROW <= budget))
		return key_rows_in_memory(spool, piece, &derivation->dedup);
	return key_rows_external(spool, piece, &derivation->dedup, budget);
}

/*
 * derive_mapping returns how the derivation reads the source.
 */
const SourceMapping *
derive_mapping(const Derivation *derivation)
{
	return derivation->mapping;
}

/*
 * derive_use_windows has keys derived in their windows alone.  Under a seal windows lie after the
 * horizon (window.h), so sealed rows are not read and no row is late.
 */
void
derive_use_windows(Derivation *derivation, Windows *windows)
{
	derivation->windows = windows;
	derivation->dedup.seal = NULL;
	derivation->without_sealed = true;
}

/*
 * fold_input describes a piece's rows for the fold.
 */
static FoldInput
fold_input(const Derivation *derivation, KeyRows *rows)
{
	return (FoldInput){.rows = rows,
					   .pipeline = derivation->pipeline,
					   .format = &derivation->format,
					   .days = &derivation->days,
					   .has_users = derivation->mapping->is_mapped[SRC_USER_ID]};
}

/*
 * derive_check_windows sorts a piece's rows and checks its windows.  The sorted rows are kept for
 * derive_piece.
 */
void
derive_check_windows(Derivation *derivation, int piece)
{
	MemoryContext caller = MemoryContextSwitchTo(derivation->context);
	FoldInput input;

	derivation->checked = piece_rows(derivation, piece);
	input = fold_input(derivation, derivation->checked);
	key_fold_check_windows(&input, derivation->windows);
	derivation->checked->restart(derivation->checked);
	MemoryContextSwitchTo(caller);
}

/*
 * derive_piece hands the results of a piece to the sink.
 */
void
derive_piece(Derivation *derivation, int piece, const DeriveSink *sink, DeriveCounts *counts)
{
	FoldInput input;

	Assert(derivation->reading.wanted == NULL || derivation->reading.wanted[piece]);
	memset(counts, 0, sizeof(*counts));
	counts->quarantined = derivation->states[piece].quarantined;
	derivation->sink = sink;
	seal_filter_reset(&derivation->seal);
	input = fold_input(derivation, derivation->checked != NULL ? derivation->checked
															   : piece_rows(derivation, piece));
	derivation->checked = NULL;
	key_fold_hand_over(&input, derivation->windows, sink, pages_budget(derivation->budget), counts);
	input.rows->end(input.rows);
	spool_free_piece(derivation->spool, piece);
	counts->sealed = derivation->seal.counts.sealed;
	counts->twins = derivation->seal.counts.twins;
	counts->late = derivation->seal.counts.late;
	counts->raw_rows = counts->events + counts->duplicates + counts->late + counts->twins +
					   counts->quarantined - counts->sealed;
}

/*
 * derive_ignore_failed does nothing.
 */
void
derive_ignore_failed(void *arg pg_attribute_unused(), Datum session_key pg_attribute_unused(),
					 const char *message pg_attribute_unused())
{
}

/*
 * derive_end frees everything.
 */
void
derive_end(Derivation *derivation)
{
	MemoryContextDelete(derivation->context);
}
