/*
 * piece_failures.c
 *		The keys of a rebuild's piece that can't be derived.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/datum.h"
#include "utils/timestamp.h"

#include "dirty/dirty_key.h"
#include "dirty/failed_keys.h"
#include "rebuild/piece_failures.h"

typedef struct Failure
{
	DirtyKey key;
	char *message;
} Failure;

struct PieceFailures
{
	const Pipeline *pipeline;
	StarWriter *writer;
	MemoryContext context;
	StaleKeys *keys; /* the same keys as those of the list */
	List *failures;  /* of Failure */
};

/*
 * take_failure notes a key that fails.
 */
static void
take_failure(void *arg, Datum session_key, const char *message)
{
	PieceFailures *failures = arg;
	MemoryContext caller = MemoryContextSwitchTo(failures->context);
	const KeyType *type = &failures->keys->type;
	Failure *failure = palloc(sizeof(Failure));

	stale_keys_add(failures->keys, session_key, false);
	failure->key = (DirtyKey){datumCopy(session_key, type->typbyval, type->typlen), false,
							  DT_NOBEGIN, DT_NOEND};
	failure->message = pstrdup(message);
	failures->failures = lappend(failures->failures, failure);
	MemoryContextSwitchTo(caller);
}

/*
 * piece_failures_begin has the keys noted.
 */
PieceFailures *
piece_failures_begin(StarWriter *writer, StoredStar *stored, int piece, const Pipeline *pipeline)
{
	PieceFailures *failures = palloc0(sizeof(PieceFailures));

	failures->pipeline = pipeline;
	failures->writer = writer;
	failures->context = CurrentMemoryContext;
	failures->keys = stale_keys_create(pipeline);
	stored_star_set_aside(stored, piece, failures->keys);
	star_writer_set_failed(writer, take_failure, failures);
	return failures;
}

/*
 * piece_failures_end records the keys.
 */
int64
piece_failures_end(PieceFailures *failures)
{
	ListCell *cell;

	star_writer_set_failed(failures->writer, NULL, NULL);
	foreach (cell, failures->failures)
	{
		const Failure *failure = lfirst(cell);

		failed_keys_retry(failures->pipeline, &failure->key, failure->message);
	}
	return list_length(failures->failures);
}
