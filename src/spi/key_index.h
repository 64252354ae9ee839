/*
 * key_index.h
 *		Planner settings for queries that look up keys in an index that begins with the key.
 *
 * By itself the planner may choose to read a whole table for the rows of a few keys: its statistics
 * are as old as the last ANALYZE, while a star grows with every refresh.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_KEY_INDEX_H
#define SESSIONIZE_KEY_INDEX_H

#include "postgres.h"

/* Whether the table has a valid btree index over all of its rows that begins with this column. */
extern bool key_index_exists(Oid relation, const char *column);

/* Until key_index_leave, the planner joins by looking up each row of one side in the other. */
extern int key_index_enter(void);

/*
 * Until key_index_leave, the planner collects the places of rows in an index, and reads the rows in
 * the order of the table. kilobytes is the memory for the places.
 */
extern int key_index_enter_bitmap(int kilobytes);
extern void key_index_leave(int guc_level);

/*
 * Until the scope of the caller (scope.h) ends, the planner takes random reads for cheap.  It still
 * reads a whole table if the keys are a large part of it.
 */
extern void key_index_prefer(void);

#endif /* SESSIONIZE_KEY_INDEX_H */
