/*
 * seal_retention.h
 *		Removed tables of raw rows that a pipeline's seal covers, so that nothing has to be
 *		derived.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SEAL_RETENTION_H
#define SESSIONIZE_SEAL_RETENTION_H

#include "nodes/pg_list.h"
#include "utils/timestamp.h"

#include "catalog/pipeline_catalog.h"

/* Removed rows that the seal covers, so that their keys need not be derived again. */
typedef struct SealedPart
{
	TimestampTz before; /* rows with earlier event times are covered; DT_NOBEGIN: none */
	bool is_all;        /* all rows that are events are covered */
} SealedPart;

/*
 * Find out which rows the seal covers of a table, a partition or not, that is being truncated or
 * has just been detached or dropped. members are the OIDs of the table and its partitions. The keys
 * of late rows in the table are logged as dirty, and the keys of quarantined rows that may have
 * been in it: all of them unless is_all is set. If a rebuild or a seal is at work, no row counts as
 * covered.
 */
extern SealedPart seal_retention(const PipelineRef *ref, Oid table, const List *members);

#endif /* SESSIONIZE_SEAL_RETENTION_H */
