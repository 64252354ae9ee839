/*
 * key_index.h
 *		Queries that look keys up one by one, in an index that begins with the key.
 *
 * Left to itself, the planner may read all of a table for the rows of some of its keys: it goes by statistics that are as old as
 * the last ANALYZE, while a star grows with every refresh.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_KEY_INDEX_H
#define SESSIONIZE_KEY_INDEX_H

#include "postgres.h"

/* Has the table a valid btree index over all of its rows that begins with this column? */
extern bool key_index_exists(Oid relation, const char *column);

/* Until key_index_leave, the planner joins by looking up each row of one side in the other. */
extern int key_index_enter(void);

/*
 * The same, but it collects in an index where the rows lie, and reads them in the order of the table.  kilobytes: for what is
 * collected.
 */
extern int key_index_enter_bitmap(int kilobytes);
extern void key_index_leave(int guc_level);

#endif /* SESSIONIZE_KEY_INDEX_H */
