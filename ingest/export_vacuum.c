/*
 * export_vacuum.c
 *		Removing files that are of no use any more: of versions that are old enough, or of all others
 *		than the last one when session keys were erased, and what exports that were cut off have left.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <string.h>
#include <time.h>

#include "export_run.h"
#include "log.h"

#define DAY_SECONDS INT64_C(86400)

/* What no log names may be of a writer that is still at it, until it is as old as this. */
#define ORPHAN_SECONDS DAY_SECONDS

/*
 * export_keep returns how long removed files are kept.
 */
int64_t
export_keep(const ExportRun *run)
{
	return run->options->keep * DAY_SECONDS;
}

/*
 * find_table finds the table that an object belongs to, and its path there.
 */
static const ExportTable *
find_table(const ExportRun *run, const char *name, const char **path)
{
	for (size_t i = 0; i < run->table_count; i++)
	{
		size_t length = strlen(run->tables[i].table.name);

		if (strncmp(run->tables[i].table.name, name, length) == 0 && name[length] == '/')
		{
			*path = name + length + 1;
			return &run->tables[i];
		}
	}
	return NULL;
}

/*
 * is_unfinished returns whether an object's name is that of a file that was to become one.
 */
static bool
is_unfinished(const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash != NULL ? slash + 1 : name;

	return *base == '.';
}

/*
 * is_useless returns whether a file of a table is of no use any more.
 */
static bool
is_useless(const ExportRun *run, const ExportTable *table, const char *path, int64_t age)
{
	const json_t *remove = json_object_get(table->log.removed, path);
	int64_t removed_at = json_integer_value(json_object_get(remove, "deletionTimestamp")) / 1000;

	if (json_object_get(table->log.live, path) != NULL)
		return false;
	/* a file of any day may have had the key; whoever is still writing one can't commit it any more */
	if (run->erases)
		return true;
	if (remove != NULL)
		return (int64_t) time(NULL) - removed_at >= export_keep(run);
	return age >= ORPHAN_SECONDS;
}

/*
 * is_removable returns whether an object is to be removed.  Nothing is but files of the tables, and
 * files that this program has not finished.
 */
static bool
is_removable(const ExportRun *run, const LakeObject *object)
{
	int64_t age = (int64_t) time(NULL) - object->modified;
	const ExportTable *table;
	const char *path;

	table = find_table(run, object->name, &path);
	if (table == NULL)
		return strncmp(object->name, "._current.json.", 15) == 0 && age >= ORPHAN_SECONDS;
	if (is_unfinished(object->name))
		return run->erases || age >= ORPHAN_SECONDS;
	return *path != '_' && is_useless(run, table, path, age);
}

/*
 * export_vacuum removes files.
 */
bool
export_vacuum(ExportRun *run)
{
	LakeList list = {NULL, 0};
	bool done = run->storage->list(run->storage, "", &list) == LAKE_OK;
	size_t removed = 0;

	for (size_t i = 0; done && i < list.count; i++)
		if (is_removable(run, &list.objects[i]))
		{
			done = run->storage->remove(run->storage, list.objects[i].name) == LAKE_OK;
			removed++;
		}
	if (removed > 0)
		log_info("%zu files that are no longer of use were removed", removed);
	lake_list_free(&list);
	return done;
}
