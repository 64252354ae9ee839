/*
 * pipeline_row.h
 *		A row of sessionize.pipeline: what the user gave.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PIPELINE_ROW_H
#define SESSIONIZE_PIPELINE_ROW_H

#include "utils/timestamp.h"

#include "catalog/pipeline.h"

/* A new row's contents.  Texts and intervals may be NULL where the column may. */
typedef struct PipelineRow
{
	const char *name;
	Oid source;
	Oid owner;
	const char *given[SRC_NCOLUMNS]; /* what each column is taken from, for display */
	const Interval *gap;
	const Interval *max_duration;
	int64 max_events; /* 0: NULL */
	const char *midnight;
	const char *time_zone;
	const Interval *dedup_window;
	const Interval *skew_threshold;
	const Interval *max_lead;
	bool store_events;
	bool capture;
} PipelineRow;

#endif /* SESSIONIZE_PIPELINE_ROW_H */
