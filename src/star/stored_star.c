/*
 * stored_star.c
 *		The rows of the star's tables, as they are before a rebuild or refresh writes.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/star_relation.h"
#include "star/star.h"
#include "star/star_read.h"
#include "star/stored_star.h"

/*
 * is_read tells whether a relation is split into pieces and the pipeline uses it.
 */
static bool
is_read(const Pipeline *pipeline, StarRelationId relation)
{
	const StarTable *table = star_table(pipeline, relation);

	return table != NULL && table->in_pieces && star_relation_is_used(pipeline, relation);
}

/*
 * share_of returns a table's share of the budget.
 */
static Size
share_of(const Pipeline *pipeline, StarRelationId relation, Size budget)
{
	return budget / 4 * star_table(pipeline, relation)->budget_share;
}

/*
 * stored_star_read reads the rows of the wanted pieces.
 */
void
stored_star_read(StoredStar *star, MemoryContext parent, const Pipeline *pipeline, int pieces,
				 const bool *wanted, Size budget)
{
	for (int i = 0; i < STAR_RELATION_COUNT; i++)
		star->rows[i] = !is_read(pipeline, i)
							? NULL
							: star_read_rows(parent, pipeline, star_table(pipeline, i), pieces,
											 wanted, share_of(pipeline, i, budget), false);
}

/*
 * stored_star_read_keys reads the rows of some keys.
 */
void
stored_star_read_keys(StoredStar *star, MemoryContext parent, const Pipeline *pipeline, int pieces,
					  const KeyRelation *keys, Size budget)
{
	for (int i = 0; i < STAR_RELATION_COUNT; i++)
		star->rows[i] = !is_read(pipeline, i)
							? NULL
							: star_read_keys(parent, pipeline, star_table(pipeline, i), pieces,
											 keys, share_of(pipeline, i, budget));
}

/*
 * stored_star_leave_out leaves out a piece's rows of some keys.
 */
void
stored_star_leave_out(StoredStar *star, int piece, const StaleKeys *keys)
{
	for (int i = 0; i < STAR_RELATION_COUNT; i++)
		if (star->rows[i] != NULL)
			stored_rows_leave_out(star->rows[i], piece, keys);
}

/*
 * stored_star_set_aside keeps stored rows of some keys of a piece, except late rows.
 */
void
stored_star_set_aside(StoredStar *star, int piece, const StaleKeys *keys)
{
	for (int i = 0; i < STAR_RELATION_COUNT; i++)
		if (star->rows[i] != NULL && i != STAR_LATE)
			stored_rows_set_aside(star->rows[i], piece, keys);
}

/*
 * stored_star_free frees what is left of the rows.
 */
void
stored_star_free(StoredStar *star)
{
	for (int i = 0; i < STAR_RELATION_COUNT; i++)
		if (star->rows[i] != NULL)
			stored_rows_free(star->rows[i]);
}
