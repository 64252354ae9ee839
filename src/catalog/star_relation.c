/*
 * star_relation.c
 *		The tables and views of a pipeline's schema, each with its properties.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog/definition.h"
#include "catalog/rollup_definition.h"
#include "catalog/star_relation.h"

#define DERIVED_TABLE (STAR_IS_DERIVED | STAR_HAS_KEY | STAR_IS_ANALYZED | STAR_IS_INDEXED)
#define DIMENSION     (STAR_IS_ANALYZED | STAR_IS_INDEXED | STAR_IS_READABLE)
#define WIDE_VIEW     (STAR_IS_VIEW | STAR_IS_READABLE)
#define OF_PERSONS    (STAR_IS_ANALYZED | STAR_IS_INDEXED | STAR_IS_READABLE | STAR_ONLY_IDENTITY)

const StarRelation star_relations[STAR_OWN_DIMENSION + OWN_RELATIONS] = {
	[STAR_SESSIONS_LIVE] = {"sessions_live", WIDE_VIEW,
							.comment = "sessions, as they would be if refreshed now"},
	[STAR_EVENTS_LIVE] = {"events_live", WIDE_VIEW | STAR_ONLY_EVENTS,
						  .comment = "events, as they would be if refreshed now"},
	[STAR_SESSIONS] = {"sessions", WIDE_VIEW,
					   .comment = "one row for each session, dimensions joined"},
	[STAR_EVENTS] = {"events", WIDE_VIEW | STAR_ONLY_EVENTS,
					 .comment = "one row for each event, dimensions joined"},
	[STAR_SOURCE] = {"source", STAR_IS_VIEW,
					 .comment =
						 "the raw rows in the pipeline's words: what each column is taken from"},
	[STAR_FACT_EVENT] = {"fact_event",
						 DERIVED_TABLE | STAR_IS_READABLE | STAR_WITHOUT_PKEY | STAR_ONLY_EVENTS,
						 .comment =
							 "one row for each event: deduplicated, valid, assigned to its session",
						 "event_time", "session_key, event_time"},
	[STAR_FACT_SESSION] = {"fact_session", DERIVED_TABLE | STAR_IS_READABLE,
						   .comment = "one row for each session", "ended_at",
						   "session_key, started_at"},
	[STAR_DIM_DATE] = {"dim_date", DIMENSION, .comment = "days; member 0 is unknown"},
	[STAR_DIM_USER] = {"dim_user", DERIVED_TABLE | STAR_IS_READABLE,
					   .comment = "which user a session key was, and when (slowly changing, type "
								  "2); member 0 is unknown",
					   NULL, "session_key, valid_from"},
	[STAR_DIM_PAGE] = {"dim_page", DIMENSION, .comment = "pages; member 0 is unknown"},
	[STAR_DIM_EVENT] = {"dim_event", DIMENSION, .comment = "event names; member 0 is unknown"},
	[STAR_QUARANTINE] = {"quarantine", DERIVED_TABLE,
						 .comment = "raw rows of which no event can be made, and why", NULL,
						 "reason, received_at"},
	[STAR_SESSION_ALIAS] =
		{"session_alias", STAR_HAS_KEY | STAR_IS_ANALYZED | STAR_WITHOUT_PKEY | STAR_IS_READABLE,
		 .comment = "ids of sessions that are no more, and which session their events are in now"},
	[STAR_SEALED] =
		{"sealed",
		 STAR_HAS_KEY | STAR_IS_ANALYZED | STAR_IS_INDEXED | STAR_WITHOUT_PKEY |
			 STAR_ONLY_WITH_SEAL,
		 .comment =
			 "raw rows as they were sealed, in the words of the view source: they count whatever "
			 "becomes of the raw rows"},
	[STAR_LATE] = {"late", DERIVED_TABLE | STAR_WITHOUT_PKEY | STAR_ONLY_WITH_SEAL,
				   .comment = "raw rows with event times before the seal's horizon that are not "
							  "sealed: they don't count",
				   "event_time"},
	[STAR_DIRTY] = {"dirty", STAR_WITHOUT_PKEY,
					.comment =
						"the log of keys whose raw rows have changed and wait for a refresh"},
	[STAR_REFRESHED] =
		{"refreshed", STAR_HAS_KEY,
		 .comment =
			 "keys that refreshes have written while a rebuild was at work; of no use after it"},
	[STAR_BACKFILL] = {"backfill", STAR_HAS_KEY | STAR_WITHOUT_PKEY,
					   .comment = "keys that a rebuild, newest first, has yet to do"},
	[STAR_PERSON_KEY] = {"person_key", OF_PERSONS,
						 .comment = "which person a session key belongs to: one row for each key "
									"that was ever a known user"},
	[STAR_PERSON_USER] = {"person_user", OF_PERSONS,
						  .comment = "which person a user id belongs to: one row for each user id"},
	[STAR_PERSON_LINK] = {"person_link", OF_PERSONS,
						  .comment = "which session keys were which users, by hash: the pairs of "
									 "dim_user that make the persons"},
	[STAR_USER_LINK] = {"user_link", STAR_ONLY_IDENTITY,
						.comment = "user ids that link_users() has declared to be one person"},
	[STAR_USER_EXCLUDED] = {"user_excluded", STAR_ONLY_IDENTITY,
							.comment = "user ids that link nothing, as exclude_identity() says"},
	[STAR_OWN_DIMENSION + OWN_DIMENSION] = {.flags = DIMENSION},
	[STAR_OWN_DIMENSION + OWN_VERSIONS] = {.flags = WIDE_VIEW},
	[STAR_OWN_DIMENSION + OWN_ROLLUP_VIEW] = {.flags = WIDE_VIEW},
	[STAR_OWN_DIMENSION + OWN_ROLLUP_LIVE] = {.flags = WIDE_VIEW},
	[STAR_OWN_DIMENSION + OWN_ROLLUP_TABLE] = {.flags = STAR_IS_ANALYZED},
	[STAR_OWN_DIMENSION + OWN_ROLLUP_CHANGES] = {.flags = STAR_IS_ANALYZED | STAR_WITHOUT_PKEY},
};

const StarRelationId own_relations[OWN_RELATIONS + 1] = {
	[OWN_DIMENSION] = STAR_OWN_DIMENSION,   [OWN_VERSIONS] = STAR_OWN_VERSIONS,
	[OWN_ROLLUP_VIEW] = STAR_ROLLUP_VIEW,   [OWN_ROLLUP_LIVE] = STAR_ROLLUP_LIVE,
	[OWN_ROLLUP_TABLE] = STAR_ROLLUP_TABLE, [OWN_ROLLUP_CHANGES] = STAR_ROLLUP_CHANGES,
	[OWN_RELATIONS] = STAR_RELATION_COUNT,
};

/*
 * find_own returns the user's own dimension that a relation is of; NULL if there is none.
 */
static const DimensionDefinition *
find_own(const Pipeline *pipeline, StarRelationId relation)
{
	const Definition *definition = pipeline->definition;
	int own = (int) relation - own_relations[own_relation_kind(relation)];

	return definition == NULL || own >= definition->ndimensions ? NULL
																: &definition->dimensions[own];
}

/*
 * find_rollup returns the rollup that a relation is of; NULL if there is none.
 */
static const RollupDefinition *
find_rollup(const Pipeline *pipeline, StarRelationId relation)
{
	const RollupList *list = pipeline->rollups;
	int own = (int) relation - own_relations[own_relation_kind(relation)];

	return list == NULL || own >= list->count ? NULL : &list->rollups[own];
}

/*
 * star_relation_name returns a relation's name.
 */
const char *
star_relation_name(const Pipeline *pipeline, StarRelationId relation)
{
	const DimensionDefinition *own;
	const RollupDefinition *rollup;

	if (relation < STAR_OWN_DIMENSION)
		return star_relations[relation].name;
	if (relation < STAR_ROLLUP_VIEW)
	{
		own = find_own(pipeline, relation);
		if (own == NULL)
			return NULL;
		return relation < STAR_OWN_VERSIONS ? own->table : own->versions;
	}
	rollup = find_rollup(pipeline, relation);
	if (rollup == NULL)
		return NULL;
	return relation < STAR_ROLLUP_LIVE      ? rollup->name
		   : relation < STAR_ROLLUP_TABLE   ? rollup->live
		   : relation < STAR_ROLLUP_CHANGES ? rollup->table
											: rollup->changes;
}

/*
 * star_relation_comment returns the comment on a relation.
 */
const char *
star_relation_comment(const Pipeline *pipeline, StarRelationId relation)
{
	if (relation < STAR_OWN_DIMENSION)
		return star_relations[relation].comment;
	if (relation < STAR_OWN_VERSIONS)
		return dimension_comment(find_own(pipeline, relation));
	if (relation < STAR_ROLLUP_VIEW)
		return dimension_versions_comment(find_own(pipeline, relation));
	if (relation >= STAR_ROLLUP_CHANGES)
		return psprintf("differences that are not yet in %s, which the view %s adds",
						star_relation(pipeline, relation - ROLLUPS_MAX),
						find_rollup(pipeline, relation)->name);
	if (relation >= STAR_ROLLUP_LIVE && relation < STAR_ROLLUP_TABLE)
		return psprintf("%s, as it would be if refreshed now",
						find_rollup(pipeline, relation)->name);
	return rollup_comment(find_rollup(pipeline, relation));
}

/*
 * star_relation_is_used tells whether a pipeline uses a relation.
 */
bool
star_relation_is_used(const Pipeline *pipeline, StarRelationId relation)
{
	return star_relation_name(pipeline, relation) != NULL &&
		   (pipeline->store_events || !star_relation_is(relation, STAR_ONLY_EVENTS)) &&
		   (pipeline->has_seal || !star_relation_is(relation, STAR_ONLY_WITH_SEAL)) &&
		   (pipeline->has_identity || !star_relation_is(relation, STAR_ONLY_IDENTITY));
}

/*
 * star_relation returns a relation's name in SQL.
 */
char *
star_relation(const Pipeline *pipeline, StarRelationId relation)
{
	return quote_qualified_identifier(pipeline->name, star_relation_name(pipeline, relation));
}

/*
 * star_relation_range returns a relation's name as a RangeVar.
 */
RangeVar *
star_relation_range(const Pipeline *pipeline, StarRelationId relation)
{
	return makeRangeVar(pipeline->name, pstrdup(star_relation_name(pipeline, relation)), -1);
}

/*
 * find_named returns the relation with the longest name that a text begins with, or with the number
 * that it begins with; none if the text begins neither with a letter nor with a digit.
 */
static StarRelationId
find_named(const char *text, size_t *length)
{
	StarRelationId found = STAR_RELATION_COUNT;

	*length = strspn(text, "0123456789");
	if (*length > 0)
		return (StarRelationId) atoi(text);
	for (int i = 0; i < STAR_OWN_DIMENSION; i++)
	{
		size_t len = strlen(star_relations[i].name);

		if (len > *length && strncmp(text, star_relations[i].name, len) == 0)
		{
			found = i;
			*length = len;
		}
	}
	if (found == STAR_RELATION_COUNT && *text >= 'a' && *text <= 'z')
		elog(ERROR, "no relation of the star has the name with which this begins: %s", text);
	return found;
}

/*
 * append_relation appends a relation's name; in a printf format, each % of the name is doubled.
 */
static void
append_relation(StringInfo text, const Pipeline *pipeline, StarRelationId relation, bool is_format)
{
	for (const char *name = star_relation(pipeline, relation); *name != '\0'; name++)
	{
		if (*name == '%' && is_format)
			appendStringInfoChar(text, '%');
		appendStringInfoChar(text, *name);
	}
}

/*
 * name_relations replaces "@" and a relation's name, in SQL or a printf format, by the qualified
 * name.
 */
static char *
name_relations(const Pipeline *pipeline, const char *text, bool is_format)
{
	StringInfoData named;

	initStringInfo(&named);
	while (*text != '\0')
	{
		size_t length = 0;
		StarRelationId relation =
			*text == '@' ? find_named(text + 1, &length) : STAR_RELATION_COUNT;

		if (relation == STAR_RELATION_COUNT)
			appendStringInfoChar(&named, *text);
		else
			append_relation(&named, pipeline, relation, is_format);
		text += length + 1;
	}
	return named.data;
}

/*
 * star_sql returns SQL over a pipeline's relations, from a printf format.
 */
char *
star_sql(const Pipeline *pipeline, const char *format, ...)
{
	const char *named = name_relations(pipeline, format, true);
	StringInfoData sql;

	initStringInfo(&sql);
	for (;;)
	{
		va_list args;
		int needed;

		va_start(args, format);
		needed = appendStringInfoVA(&sql, named, args);
		va_end(args);
		if (needed == 0)
			return sql.data;
		enlargeStringInfo(&sql, needed);
	}
}

/*
 * star_sql_text returns SQL over a pipeline's relations, from a text that is no printf format.
 */
char *
star_sql_text(const Pipeline *pipeline, const char *text)
{
	return name_relations(pipeline, text, false);
}

/*
 * star_relation_oid returns a relation's OID.
 */
Oid
star_relation_oid(const Pipeline *pipeline, StarRelationId relation)
{
	const char *name = star_relation_name(pipeline, relation);

	return name == NULL ? InvalidOid : get_relname_relid(name, pipeline->schema);
}
