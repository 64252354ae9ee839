/*
 * pipeline_row.h
 *		A row of sessionize.pipeline: the definition as the user gave it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PIPELINE_ROW_H
#define SESSIONIZE_PIPELINE_ROW_H

#include "utils/timestamp.h"

#include "catalog/pipeline.h"

/* The contents of a new row. Texts and intervals may be NULL if the column may be. */
typedef struct PipelineRow
{
	const char *name;
	const char *id_name; /* NULL: name */
	Oid source;
	Oid owner;
	const char *given[SRC_NCOLUMNS]; /* the user's column or expression, for display */
	const Interval *gap;
	const Interval *max_duration;
	int64 max_events;              /* 0 means NULL */
	const char *zones[ZONE_RULES]; /* names; one that a rule takes from the row is in given */
	const Interval *dedup_window;
	const Interval *skew_threshold;
	const Interval *max_lead;
	const Interval *oldest;
	const char *too_old;
	const char *bounce;
	bool store_events;
	bool loaded_at;
	bool capture;
} PipelineRow;

#endif /* SESSIONIZE_PIPELINE_ROW_H */
