/*
 * seal_retention.h
 *		What becomes of a pipeline when whole tables of raw rows are taken away that its seal covers: nothing.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SEAL_RETENTION_H
#define SESSIONIZE_SEAL_RETENTION_H

#include "nodes/pg_list.h"
#include "utils/timestamp.h"

#include "catalog/pipeline_catalog.h"

/* Which of the rows taken away need not be derived without. */
typedef struct SealedPart
{
	TimestampTz before; /* those with earlier event times; DT_NOBEGIN: none */
	bool is_all;        /* that is all of which an event can be made */
} SealedPart;

/*
 * Tell that for the rows of a table, a partition or not, that is being truncated, or has just been detached or
 * dropped, with its members (itself and its partitions).  The keys of late rows in it are logged as dirty, and where
 * is_all is set those of quarantined rows that may have been.  Nothing is sealed while the pipeline is rebuilt.
 */
extern SealedPart seal_retention(const PipelineRef *ref, Oid table, const List *members);

#endif /* SESSIONIZE_SEAL_RETENTION_H */
