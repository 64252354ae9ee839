/*
 * rollup_definition.c
 *		The rollups of a pipeline: counts and sums by time and dimensions.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "catalog/rollup_definition.h"

#define TABLE_PREFIX   "rollup_"
#define CHANGES_SUFFIX "_changes"
#define LIVE_SUFFIX    "_live"

/*
 * rollup_name_fits tells whether the names of a rollup's tables are short enough.
 */
bool
rollup_name_fits(const char *name)
{
	return name[0] != '\0' &&
		   strlen(name) + strlen(TABLE_PREFIX) + strlen(CHANGES_SUFFIX) < NAMEDATALEN;
}

/*
 * rollup_set_name sets a rollup's name.
 */
void
rollup_set_name(RollupDefinition *rollup, const char *name)
{
	rollup->name = name;
	rollup->live = psprintf("%s" LIVE_SUFFIX, name);
	rollup->table = psprintf(TABLE_PREFIX "%s", name);
	rollup->changes = psprintf(TABLE_PREFIX "%s" CHANGES_SUFFIX, name);
}

/*
 * rollup_find returns the rollup of a name.
 */
const RollupDefinition *
rollup_find(const Pipeline *pipeline, const char *name)
{
	const RollupList *list = pipeline->rollups;

	for (int i = 0; list != NULL && name != NULL && i < list->count; i++)
		if (strcmp(list->rollups[i].name, name) == 0)
			return &list->rollups[i];
	return NULL;
}

/*
 * append_names appends the names of a list.
 */
static void
append_names(StringInfo text, const List *names)
{
	for (int i = 0; i < list_length(names); i++)
		appendStringInfo(text, "%s%s", i > 0 ? ", " : "", (const char *) list_nth(names, i));
}

/*
 * rollup_comment returns what a rollup is.
 */
char *
rollup_comment(const RollupDefinition *rollup)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "rollup of %s by ", rollup->of_events ? "events" : "sessions");
	append_names(&text, rollup->by);
	if (rollup->measures != NIL)
		appendStringInfoString(&text, ": ");
	append_names(&text, rollup->measures);
	return text.data;
}
