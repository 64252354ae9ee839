/*
 * stored_star.c
 *		The rows of the star as they were before any was written.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pipeline.h"
#include "spi/key_relation.h"
#include "star/star_read.h"
#include "star/stored_rows.h"
#include "star/stored_star.h"

/*
 * stored_star_read reads the rows of the wanted pieces.
 */
void
stored_star_read(StoredStar *star, MemoryContext parent, const Pipeline *pipeline, int pieces,
				 const bool *wanted, Size budget)
{
	star->users = star_read_rows(parent, pipeline, &star_dim_user, pieces, wanted, budget / 4, false);
	star->sessions = star_read_rows(parent, pipeline, &star_fact_session, pieces, wanted, budget / 4, false);
	star->events = NULL;
	if (pipeline->store_events)
		star->events = star_read_rows(parent, pipeline, &star_fact_event, pieces, wanted, budget / 2, false);
	star->late = NULL;
	if (pipeline->has_seal)
		star->late = star_read_rows(parent, pipeline, &star_late, pieces, wanted, budget / 4, false);
}

/*
 * stored_star_read_keys reads the rows of some keys.
 */
void
stored_star_read_keys(StoredStar *star, MemoryContext parent, const Pipeline *pipeline, int pieces,
					  const KeyRelation *keys, Size budget)
{
	star->users = star_read_keys(parent, pipeline, &star_dim_user, pieces, keys, budget / 4);
	star->sessions = star_read_keys(parent, pipeline, &star_fact_session, pieces, keys, budget / 4);
	star->events = NULL;
	if (pipeline->store_events)
		star->events = star_read_keys(parent, pipeline, &star_fact_event, pieces, keys, budget / 2);
	star->late = NULL;
	if (pipeline->has_seal)
		star->late = star_read_keys(parent, pipeline, &star_late, pieces, keys, budget / 4);
}

/*
 * stored_star_leave_out leaves out a piece's rows of some keys.
 */
void
stored_star_leave_out(StoredStar *star, int piece, const StaleKeys *keys)
{
	stored_rows_leave_out(star->users, piece, keys);
	stored_rows_leave_out(star->sessions, piece, keys);
	if (star->events != NULL)
		stored_rows_leave_out(star->events, piece, keys);
	if (star->late != NULL)
		stored_rows_leave_out(star->late, piece, keys);
}

/*
 * stored_star_set_aside lets stay what is stored of some keys of a piece.
 */
void
stored_star_set_aside(StoredStar *star, int piece, const StaleKeys *keys)
{
	stored_rows_set_aside(star->users, piece, keys);
	stored_rows_set_aside(star->sessions, piece, keys);
	if (star->events != NULL)
		stored_rows_set_aside(star->events, piece, keys);
}

/*
 * stored_star_free frees what is left of the rows.
 */
void
stored_star_free(StoredStar *star)
{
	stored_rows_free(star->users);
	stored_rows_free(star->sessions);
	if (star->events != NULL)
		stored_rows_free(star->events);
	if (star->late != NULL)
		stored_rows_free(star->late);
}
