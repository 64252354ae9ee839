/*
 * star_relation.h
 *		The tables and views of a pipeline's schema, each with its properties.
 *
 * This is the only list of them. Code that creates, drops, comments on, analyzes, erases from or
 * checks all tables of some kind loops over the list; code that needs a certain relation calls
 * star_relation().
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STAR_RELATION_H
#define SESSIONIZE_STAR_RELATION_H

#include "nodes/primnodes.h"

#include "catalog/pipeline.h"

/*
 * The relations.  Those of the user's own dimensions, and of rollups, have their numbers by the
 * definition.
 */
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
	STAR_PERSON_KEY,
	STAR_PERSON_USER,
	STAR_PERSON_LINK,
	STAR_USER_LINK,
	STAR_USER_EXCLUDED,
	STAR_OWN_DIMENSION, /* the first of the dimensions that the user has added */
	/* the first of the views of their versions, in the same order */
	STAR_OWN_VERSIONS = STAR_OWN_DIMENSION + DIMENSIONS_MAX,
	/* the first of the rollups' views, live views, tables, and tables of changes */
	STAR_ROLLUP_VIEW = STAR_OWN_VERSIONS + DIMENSIONS_MAX,
	STAR_ROLLUP_LIVE = STAR_ROLLUP_VIEW + ROLLUPS_MAX,
	STAR_ROLLUP_TABLE = STAR_ROLLUP_LIVE + ROLLUPS_MAX,
	STAR_ROLLUP_CHANGES = STAR_ROLLUP_TABLE + ROLLUPS_MAX,
	STAR_RELATION_COUNT = STAR_ROLLUP_CHANGES + ROLLUPS_MAX
} StarRelationId;

/* The properties of a relation, as bits of StarRelation.flags. */
#define STAR_IS_VIEW        0x0001
#define STAR_IS_DERIVED     0x0002 /* a table of derived rows, which verify() compares */
#define STAR_HAS_KEY        0x0004 /* a table from which a session key's rows are erased */
#define STAR_IS_ANALYZED    0x0008 /* a rebuild gathers its statistics */
#define STAR_IS_INDEXED     0x0010 /* has indexes, unless a restore is not finished */
#define STAR_WITHOUT_PKEY   0x0020 /* a publication has to identify its rows by all columns */
#define STAR_ONLY_EVENTS    0x0040 /* does not exist if a pipeline stores no events */
#define STAR_ONLY_WITH_SEAL 0x0080 /* empty if a pipeline has no seal */
#define STAR_IS_READABLE    0x0100 /* readable by the roles that grant_reader() names */
#define STAR_ONLY_IDENTITY  0x0200 /* exists only while keys and users are linked to persons */

typedef struct StarRelation
{
	const char *name;
	int flags;
	const char *comment;
	const char *last_time;    /* of a derived table: SQL for a row's last event time, or NULL */
	const char *bare_columns; /* columns of the statistics object that marks it as bare */
} StarRelation;

/* The kinds of relations of which the user adds any number. */
typedef enum OwnRelation
{
	OWN_DIMENSION,
	OWN_VERSIONS,
	OWN_ROLLUP_VIEW,
	OWN_ROLLUP_LIVE,
	OWN_ROLLUP_TABLE,
	OWN_ROLLUP_CHANGES,
	OWN_RELATIONS
} OwnRelation;

/* The last ones each describe all relations of such a kind. */
extern const StarRelation star_relations[STAR_OWN_DIMENSION + OWN_RELATIONS];

/* The first relation of each such kind, and STAR_RELATION_COUNT. */
extern const StarRelationId own_relations[OWN_RELATIONS + 1];

/* The kind of a relation that the user has added. */
static inline OwnRelation
own_relation_kind(StarRelationId relation)
{
	OwnRelation kind = OWN_DIMENSION;

	while (relation >= own_relations[kind + 1])
		kind++;
	return kind;
}

static inline bool
star_relation_is(StarRelationId relation, int flags)
{
	int place = (int) relation;

	if (relation >= STAR_OWN_DIMENSION)
		place = STAR_OWN_DIMENSION + own_relation_kind(relation);
	return (star_relations[place].flags & flags) == flags;
}

/* The relation's name; NULL for one of a dimension or rollup that the user has not added. */
extern const char *star_relation_name(const Pipeline *pipeline, StarRelationId relation);

/* The comment on a relation that exists. */
extern const char *star_relation_comment(const Pipeline *pipeline, StarRelationId relation);

/* Whether a pipeline's definition makes use of the relation. */
extern bool star_relation_is_used(const Pipeline *pipeline, StarRelationId relation);

/* The relation's schema and name, quoted for SQL where necessary. In CurrentMemoryContext. */
extern char *star_relation(const Pipeline *pipeline, StarRelationId relation);

/* The relation's name, for code that opens or locks the relation. */
extern RangeVar *star_relation_range(const Pipeline *pipeline, StarRelationId relation);

/*
 * SQL over a pipeline's relations, from a printf format in which "@fact_session" means the
 * qualified name of the relation fact_session, and "@" with a number that of this StarRelationId.
 * In CurrentMemoryContext.
 */
extern char *star_sql(const Pipeline *pipeline, const char *format, ...) pg_attribute_printf(2, 3);

/* Like star_sql, for a text that is no printf format. */
extern char *star_sql_text(const Pipeline *pipeline, const char *text);

/* A relation's OID; InvalidOid if the pipeline has lost the relation or never had it. */
extern Oid star_relation_oid(const Pipeline *pipeline, StarRelationId relation);

#endif /* SESSIONIZE_STAR_RELATION_H */
