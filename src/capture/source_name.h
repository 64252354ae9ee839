/*
 * source_name.h
 *		What a pipeline's raw table was called when the pipeline was made, and is called now.
 *
 * A pipeline reads a table, not a name.  Loaders that fill a new table and then give it the old one's name go on
 * with another table than the pipeline does.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SOURCE_NAME_H
#define SESSIONIZE_SOURCE_NAME_H

#include "postgres.h"

#include "nodes/pg_list.h"

/* Tables have got other names, or schemas: say so where that is of interest to a pipeline. */
extern void source_name_changed(List *tables);

#endif /* SESSIONIZE_SOURCE_NAME_H */
