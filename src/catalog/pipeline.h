/*
 * pipeline.h
 *		A pipeline's definition as C code sees it, and the names of what it owns.
 *
 * A pipeline "web" owns the schema "web".  Its view web.source gives every raw row in the pipeline's
 * own words, one column for each SourceColumn: the mapping of the user's columns and expressions is
 * kept there, by PostgreSQL, so a renamed raw column stays mapped and the raw table can't be dropped
 * from under it unnoticed.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PIPELINE_H
#define SESSIONIZE_PIPELINE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "pgtime.h"

#include "core/event_time.h"
#include "core/fold.h"

/*
 * The columns of the view "source", in this order, then raw_table (oid) and raw_ctid (tid), which say
 * where the raw row lies.  Those the user did not map are NULL of their type.
 */
typedef enum SourceColumn
{
	SRC_SESSION_KEY, /* any type with a btree and a hash operator class; text in collation C */
	SRC_EVENT_ID,    /* likewise; NULL: the row is never a duplicate */
	SRC_RAW_ID,      /* likewise; the raw table's own row id, or a digest (text) of the row */
	SRC_EVENT_NAME,  /* text */
	SRC_USER_ID,     /* text */
	SRC_PAGE,        /* text */
	SRC_OCCURRED_AT, /* timestamptz, as are the next two */
	SRC_SENT_AT,
	SRC_RECEIVED_AT,
	SRC_RESTART,   /* boolean; NULL counts as false */
	SRC_PAGE_VIEW, /* boolean; NULL counts as false */
	SRC_NCOLUMNS
} SourceColumn;

/* What may have happened to a pipeline's schema, views and tables (pipeline_objects.h). */
typedef enum PipelineFault
{
	PIPELINE_WHOLE,
	PIPELINE_VIEW_LOST,      /* its view "source" is gone */
	PIPELINE_VIEW_MOVED,     /* that has another name, or lies in another schema than the dirty log */
	PIPELINE_SCHEMA_RENAMED, /* the schema has another name than the pipeline */
	PIPELINE_OWNERS_DIFFER,  /* its schema, views and tables don't have one owner */
	PIPELINE_ZONE_UNKNOWN    /* the server does not know a time zone of its rules any more */
} PipelineFault;

typedef struct Pipeline
{
	int32 id;
	char *name;         /* also the name of its schema */
	Oid schema;         /* the one that the next two lie in; InvalidOid without either */
	Oid source_view;    /* name.source; InvalidOid: it is gone */
	Oid dirty_log;      /* name.dirty, likewise */
	Oid source;         /* the raw events table, likewise */
	Oid owner;          /* of the view; without one of the dirty log; without that the recorded one */
	Oid recorded_owner; /* as sessionize.pipeline has it */
	Oid recorded_view;  /* likewise */
	PipelineFault fault;
	char *unknown_zone; /* NULL: all are known */
	Oid types[SRC_NCOLUMNS];
	SzRules rules;
	SzClockRules clock;
	uint64 dedup_window; /* microseconds, or SZ_NO_LIMIT */
	pg_tz *midnight;     /* zone of the midnight rule; NULL without one */
	pg_tz *zone;         /* zone whose days date_key counts */
	bool store_events;   /* false: no fact_event, sessions only */
	bool capture;        /* triggers on the raw table log what changes */
	bool built;          /* a rebuild has finished: refreshes keep the star from then on */

	/*
	 * The seal (seal.c).  Without one the tables "sealed" and "late" are empty and not read.
	 */
	bool has_seal;
	TimestampTz
		sealed_before; /* its horizon; DT_NOBEGIN without one, or where it was taken back, but not all of it */
	bool sealed_beyond; /* sealed rows may have event times from there on */
} Pipeline;

#endif /* SESSIONIZE_PIPELINE_H */
