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

/* Load a pipeline by name, in CurrentMemoryContext; an error with a hint where there is none. */
extern Pipeline *pipeline_load(const char *name);

/* Error unless the current user has the privileges of the pipeline's owner. */
extern void pipeline_check_owner(const Pipeline *pipeline);

/*
 * The lock that rebuild (for its session, over its transactions) and drop (for its transaction) hold.
 * Both give up at once with a clear error when another session has it; for refreshes at work drop waits.
 */
extern void pipeline_lock_session(const Pipeline *pipeline);
extern bool pipeline_try_lock_session(const Pipeline *pipeline);
extern void pipeline_unlock_session(const Pipeline *pipeline);
extern void pipeline_lock_transaction(const Pipeline *pipeline);

/*
 * The same in two parts, for who has a lot to do before: first rebuilds, drops and their like are kept away, while refreshes either go
 * on, but not without knowing of it (as beside a rebuild), or don't; then, by pipeline_lock_transaction, refreshes as well.
 */
extern void pipeline_lock_change(const Pipeline *pipeline);
extern void pipeline_go_beside(const Pipeline *pipeline);

/* Until the transaction's end, or pipeline_hide_progress: let others find the counters of what it does (progress.h). */
extern void pipeline_show_progress(const Pipeline *pipeline, uint32 handle);
extern void pipeline_hide_progress(const Pipeline *pipeline, uint32 handle);

/*
 * A rebuild keeps refreshes away, or they go on beside it: then each that begins from now on knows of it, and those
 * at work that don't have finished when the lock is there.  For the session, after pipeline_lock_session.
 */
typedef enum RebuildMode
{
	REBUILD_ALONE,
	REBUILD_BESIDE
} RebuildMode;

extern void pipeline_lock_rebuild(const Pipeline *pipeline, RebuildMode mode);
extern void pipeline_unlock_rebuild(const Pipeline *pipeline, RebuildMode mode);

/*
 * The locks of a refresh, each until the transaction's end: that of all refreshes of a pipeline, which excludes
 * drop and rebuilds that are alone; that which keeps rebuilds beside refreshes from beginning; and that of one lane.  False, at
 * once, where another session has one that conflicts.
 */
extern bool pipeline_try_refresh_lock(const Pipeline *pipeline);
extern bool pipeline_try_hold_rebuild(const Pipeline *pipeline);
extern bool pipeline_try_lane_lock(const Pipeline *pipeline, int lane);

/*
 * A rebuild and the refreshes beside it take turns, transaction by transaction, in the order of asking: the rebuild alone, or any
 * number of refreshes.
 */
extern void pipeline_take_turn(const Pipeline *pipeline, bool for_session);
extern void pipeline_end_turn(const Pipeline *pipeline);
extern void pipeline_share_turn(const Pipeline *pipeline);

/* The lane lock, waited for; and given back before the end, with nothing done under it. */
extern void pipeline_lock_lane(const Pipeline *pipeline, int lane);
extern void pipeline_unlock_lane(const Pipeline *pipeline, int lane);

/* Who adds members to dimensions takes this one before, until the transaction's end; it waits. */
extern void pipeline_lock_dimensions(const Pipeline *pipeline);

/*
 * Work as the pipeline's owner, unless the pipeline has a fault, which is an error: user id,
 * SECURITY_RESTRICTED_OPERATION, search_path pg_catalog, pg_temp, and the settings that the text form of a value depends on (TimeZone UTC, DateStyle ISO, ...).  Not
 * across a transaction's end: leave before a commit, enter again after it.  An error leaves by itself.
 */
typedef struct OwnerScope
{
	Oid save_user;
	int save_sec_context;
	int guc_level;
} OwnerScope;

extern void owner_scope_enter(OwnerScope *scope, const Pipeline *pipeline);
extern void owner_scope_leave(OwnerScope *scope);

#endif /* SESSIONIZE_PIPELINE_H */
