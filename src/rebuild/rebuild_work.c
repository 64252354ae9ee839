/*
 * rebuild_work.c
 *		What both kinds of rebuild share: the write turn and the progress.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/lock.h"
#include "rebuild/rebuild_work.h"
#include "run/progress.h"
#include "star/star_check.h"

/*
 * rebuild_take_write_turn takes the write turn for the transaction.
 */
void
rebuild_take_write_turn(const Rebuild *rebuild)
{
	progress_state(STATE_WAITING);
	star_lock(rebuild->pipeline);
	pipeline_take_write_turn(rebuild->pipeline, LOCK_FOR_TRANSACTION);
	progress_state(STATE_WORKING);
}

/*
 * rebuild_begin_write_turn takes the write turn for the session.
 */
void
rebuild_begin_write_turn(Rebuild *rebuild)
{
	progress_state(STATE_WAITING);
	pipeline_take_write_turn(rebuild->pipeline, LOCK_FOR_SESSION);
	rebuild->has_write_turn = true;
	progress_state(STATE_WORKING);
}

/*
 * rebuild_end_write_turn gives up the session's write turn, if it has one.
 */
void
rebuild_end_write_turn(Rebuild *rebuild)
{
	if (rebuild->has_write_turn)
		pipeline_end_write_turn(rebuild->pipeline);
	rebuild->has_write_turn = false;
}

/*
 * rebuild_show_rows_read counts the rows read, and rests.
 */
void
rebuild_show_rows_read(void *arg, int64 rows_read)
{
	Rebuild *rebuild = arg;

	progress_set(PROGRESS_ROWS_READ, rows_read);
	throttle_rest(&rebuild->throttle);
}
