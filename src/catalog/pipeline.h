/*
 * pipeline.h
 *		A pipeline's definition as C code sees it, and the names of its objects.
 *
 * A pipeline "web" owns the schema "web". Its view web.source gives every raw row in the pipeline's
 * own words, one column for each SourceColumn. The view's definition is the mapping of the user's
 * columns and expressions. As PostgreSQL keeps it, a raw column stays mapped when it is renamed,
 * and the raw table can't be dropped without the view.
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
 * The columns of the view "source", in this order. They are followed by raw_table (oid) and
 * raw_ctid (tid), which say where the raw row lies. A column that the user did not map is NULL of
 * its type, but for the filter.
 */
typedef enum SourceColumn
{
	SRC_SESSION_KEY, /* any type with a btree and a hash operator class; text in collation C */
	SRC_EVENT_ID,    /* types as for the session key; NULL: never a duplicate */
	SRC_RAW_ID,      /* types as for the session key; if not mapped, a digest (text) */
	SRC_EVENT_NAME,  /* text */
	SRC_USER_ID,     /* text */
	SRC_PAGE,        /* text */
	SRC_OCCURRED_AT, /* timestamptz, like sent_at and received_at */
	SRC_SENT_AT,
	SRC_RECEIVED_AT,
	SRC_RESTART,   /* boolean; NULL counts as false */
	SRC_PAGE_VIEW, /* boolean; NULL counts as false */
	SRC_FILTER,    /* boolean; a row for which it is not true is filtered; true if not mapped */
	SRC_CHANGE,    /* bigint, numeric, text, boolean or timestamptz: restart_on_change */
	SRC_MIDNIGHT,  /* text: the time zone of a rule that takes it from the row (ZoneRule) */
	SRC_TIME_ZONE,
	SRC_NCOLUMNS
} SourceColumn;

/*
 * The attributes of an event: the columns of the view "source" that don't decide where an event
 * belongs, but describe it.  Two copies of an event conflict if one of these four differs.
 */
typedef enum Attribute
{
	ATTRIBUTE_EVENT_NAME,
	ATTRIBUTE_USER_ID,
	ATTRIBUTE_PAGE,
	ATTRIBUTE_CHANGE,
	ATTRIBUTE_COUNT
} Attribute;

/* The most attributes that an event can have, and what a pipeline can have of the user's own. */
#define ATTRIBUTES_MAX (ATTRIBUTE_COUNT + 64)
#define MEASURES_MAX   64
#define DIMENSIONS_MAX 32
#define ROLLUPS_MAX    32

/*
 * The columns that a source row can have.  The attributes that the user has added follow
 * SRC_NCOLUMNS; in the view "source" they follow raw_ctid.
 */
#define SRC_MAX_COLUMNS (SRC_NCOLUMNS + ATTRIBUTES_MAX - ATTRIBUTE_COUNT)

/* The column that has an attribute. */
static inline SourceColumn
attribute_column(int attribute)
{
	static const SourceColumn columns[ATTRIBUTE_COUNT] = {
		[ATTRIBUTE_EVENT_NAME] = SRC_EVENT_NAME,
		[ATTRIBUTE_USER_ID] = SRC_USER_ID,
		[ATTRIBUTE_PAGE] = SRC_PAGE,
		[ATTRIBUTE_CHANGE] = SRC_CHANGE,
	};

	return attribute < ATTRIBUTE_COUNT
			   ? columns[attribute]
			   : (SourceColumn) (SRC_NCOLUMNS + attribute - ATTRIBUTE_COUNT);
}

/* The rules with a time zone, which is one zone for all rows or an expression over the row. */
typedef enum ZoneRule
{
	ZONE_OF_MIDNIGHT, /* midnight */
	ZONE_OF_DAYS,     /* time_zone */
	ZONE_RULES
} ZoneRule;

/* The column that has the zone of a row by a rule. */
static inline SourceColumn
zone_column(ZoneRule rule)
{
	return rule == ZONE_OF_MIDNIGHT ? SRC_MIDNIGHT : SRC_TIME_ZONE;
}

/* The time zone of a row whose zone is NULL or empty. */
#define ZONE_OF_NONE "UTC"

/*
 * The columns whose values a record keeps: those of the attributes, and then the zones that rules
 * take from the row.
 */
#define KEPT_COLUMNS_MAX (ATTRIBUTES_MAX + ZONE_RULES)

/* What may have happened to a pipeline's schema, views and tables (pipeline_objects.h). */
typedef enum PipelineFault
{
	PIPELINE_WHOLE,
	PIPELINE_VIEW_LOST,      /* the view "source" is gone */
	PIPELINE_VIEW_MOVED,     /* the view "source" has another name or schema */
	PIPELINE_SCHEMA_RENAMED, /* the schema has another name than the pipeline */
	PIPELINE_OWNERS_DIFFER,  /* the schema, views and tables don't have one owner */
	PIPELINE_DETACHED,       /* detach_source() has taken the raw table away */
	PIPELINE_ZONE_UNKNOWN    /* the server no longer knows a time zone of the rules */
} PipelineFault;

typedef struct Pipeline
{
	int32 id;
	char *name;         /* also the name of its schema */
	char *id_name;      /* session ids and the hashes of user ids are made with it */
	Oid schema;         /* of the view and the dirty log; InvalidOid if both are gone */
	Oid source_view;    /* name.source; InvalidOid if it is gone */
	Oid dirty_log;      /* name.dirty; InvalidOid if it is gone */
	Oid source;         /* the raw events table; InvalidOid if it is gone, or detached */
	bool is_detached;   /* sessionize.pipeline has no raw table */
	char *source_name;  /* what the raw table was called when it became the pipeline's */
	Oid owner;          /* of the view; else of the dirty log; else the recorded owner */
	Oid recorded_owner; /* the owner in sessionize.pipeline */
	Oid recorded_view;  /* the view in sessionize.pipeline */
	PipelineFault fault;
	char *unknown_zone;         /* NULL if all zones are known */
	int ncolumns;               /* SRC_NCOLUMNS, and the attributes that were added */
	Oid types[SRC_MAX_COLUMNS]; /* of the columns */
	/* what the user has added (definition.h); NULL: nothing */
	const struct Definition *definition;
	/* sums that refreshes keep (rollup_definition.h); NULL: none */
	const struct RollupList *rollups;
	bool has_exports; /* the days that change are noted (changed_days.h) */
	/* by which raw rows are judged (pipeline_contracts.h); NULL: no row is */
	const struct PipelineContracts *contracts;
	/* what is kept of quarantined rows (quarantine_rules.h); NULL: a copy of each */
	struct QuarantineRules *quarantine;
	const struct StarSchema *star; /* made when it is first needed (star.h) */
	/* what a preview reads in place of the view "source" (source_mapping.h); NULL: the view */
	const struct TriedSource *tried;
	SzRules rules;
	SzClockRules clock;
	uint64 dedup_window; /* in microseconds, or SZ_NO_LIMIT */
	/* the zone of midnight, NULL without the rule; that whose days date_key counts */
	pg_tz *zones[ZONE_RULES];
	/* the rule takes the zone from each row; the zone above is that of rows sealed before it did */
	bool zone_by_row[ZONE_RULES];
	const char *bounce; /* tells which sessions are bounces (bounce.h); NULL: those of one event */
	bool store_events;  /* false: no fact_event, sessions only */
	bool has_loaded_at; /* facts say when a row was written */
	bool capture;       /* triggers on the raw table log what changes */
	bool built;         /* a rebuild has finished, so refreshes keep the star up to date */
	/*
	 * The star was built, and lacks only what changed measures and dimensions are to have.  So a
	 * window (window.h) is right, and makes its own sessions complete.  Unless built.
	 */
	bool filling;

	/* Whether session keys and user ids are linked to persons (src/identity), and the limits. */
	bool has_identity;
	int32 max_users_per_key;
	int32 max_keys_per_user;

	/*
	 * The seal (seal.c).  Without one the tables "sealed" and "late" are empty and not read.
	 */
	bool has_seal;
	TimestampTz sealed_before; /* the horizon; DT_NOBEGIN: none, or taken back but for some rows */
	bool sealed_beyond;        /* sealed rows may have event times from the horizon on */
	TimestampTz judged_since;  /* the horizon: rows before it are not judged by contracts */
} Pipeline;

/*
 * pipeline_attributes returns how many attributes an event of the pipeline has.
 */
static inline int
pipeline_attributes(const Pipeline *pipeline)
{
	return ATTRIBUTE_COUNT + pipeline->ncolumns - SRC_NCOLUMNS;
}

/*
 * kept_columns lists the columns whose values a record of a source with so many columns keeps, and
 * returns how many there are.
 */
static inline int
kept_columns(int ncolumns, const bool *zone_by_row, SourceColumn *columns)
{
	int count = ATTRIBUTE_COUNT + ncolumns - SRC_NCOLUMNS;

	for (int i = 0; i < count; i++)
		columns[i] = attribute_column(i);
	for (ZoneRule rule = 0; rule < ZONE_RULES; rule++)
		if (zone_by_row[rule])
			columns[count++] = zone_column(rule);
	return count;
}

#endif /* SESSIONIZE_PIPELINE_H */
