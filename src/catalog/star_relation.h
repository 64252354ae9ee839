/*
 * star_relation.h
 *		The tables and views of a pipeline's schema, each with what is done to it.
 *
 * This list is the only one of them.  Whoever creates, drops, comments on, analyzes, erases from or checks
 * all tables of some kind loops over it; whoever needs one of them by name asks star_relation().
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STAR_RELATION_H
#define SESSIONIZE_STAR_RELATION_H

#include "nodes/primnodes.h"

#include "catalog/pipeline.h"

/* In an order in which they can be dropped: views before the relations that they read. */
typedef enum StarRelationId
{
	STAR_SESSIONS_LIVE,
	STAR_EVENTS_LIVE,
	STAR_SESSIONS,
	STAR_EVENTS,
	STAR_SOURCE,
	STAR_FACT_EVENT,
	STAR_FACT_SESSION,
	STAR_DIM_DATE,
	STAR_DIM_USER,
	STAR_DIM_PAGE,
	STAR_DIM_EVENT,
	STAR_QUARANTINE,
	STAR_SESSION_ALIAS,
	STAR_SEALED,
	STAR_LATE,
	STAR_DIRTY,
	STAR_REFRESHED,
	STAR_BACKFILL,
	STAR_RELATION_COUNT
} StarRelationId;

/* What is so of a relation, as bits of StarRelation.flags. */
#define STAR_IS_VIEW        0x0001
#define STAR_IS_DERIVED     0x0002 /* a table whose rows a derivation gives, and verify() compares */
#define STAR_HAS_KEY        0x0004 /* a table whose rows are erased with their session key */
#define STAR_IS_ANALYZED    0x0008 /* a rebuild gathers its statistics */
#define STAR_IS_INDEXED     0x0010 /* a table without an index has not been restored from a dump yet */
#define STAR_WITHOUT_PKEY   0x0020 /* a publication has to identify its rows by all columns */
#define STAR_ONLY_EVENTS    0x0040 /* not there where a pipeline stores no events */
#define STAR_ONLY_WITH_SEAL 0x0080 /* empty where a pipeline has no seal */

typedef struct StarRelation
{
	const char *name;
	int flags;
	const char *comment;
	const char *last_time;    /* of a derived table: SQL of the time of a row's last event; NULL: none */
	const char *bare_columns; /* the columns of the statistics object that marks it as without indexes */
} StarRelation;

extern const StarRelation star_relations[STAR_RELATION_COUNT];

static inline bool
star_relation_is(StarRelationId relation, int flags)
{
	return (star_relations[relation].flags & flags) == flags;
}

/* Whether a pipeline that has not lost the relation has any use of it. */
extern bool star_relation_is_used(const Pipeline *pipeline, StarRelationId relation);

/* The relation's name in SQL: schema and name, each quoted where it must be.  In CurrentMemoryContext. */
extern char *star_relation(const Pipeline *pipeline, StarRelationId relation);

/* The same for who opens or locks it. */
extern RangeVar *star_relation_range(const Pipeline *pipeline, StarRelationId relation);

/*
 * SQL over a pipeline's relations: in a printf format "@fact_session" is the name of that relation.  In
 * CurrentMemoryContext.
 */
extern char *star_sql(const Pipeline *pipeline, const char *format, ...) pg_attribute_printf(2, 3);

/* The same for a text that is no format. */
extern char *star_sql_text(const Pipeline *pipeline, const char *text);

/* A relation's OID; InvalidOid where the pipeline has lost it, or never had it. */
extern Oid star_relation_oid(const Pipeline *pipeline, StarRelationId relation);

#endif /* SESSIONIZE_STAR_RELATION_H */
