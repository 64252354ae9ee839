/*
 * source_name.h
 *		The raw table's name when the pipeline was created, and now.
 *
 * A pipeline reads a table, whatever its name is. A loader that fills a new table and then gives it
 * the name of the old one goes on with another table than the pipeline.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SOURCE_NAME_H
#define SESSIONIZE_SOURCE_NAME_H

#include "postgres.h"

#include "nodes/pg_list.h"

/* Handle tables that have a new name or schema: raise a NOTICE if a pipeline is concerned. */
extern void source_name_changed(List *tables);

#endif /* SESSIONIZE_SOURCE_NAME_H */
