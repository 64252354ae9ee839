/*
 * version_list.c
 *		The instants at which one key's user changes.
 *
 * What does not fit into the array goes to a temporary file.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "pipeline/version_list.h"

#include "storage/buffile.h"
#include "utils/memutils.h"

#define IN_MEMORY 4096

struct VersionList
{
	int64 count;
	int64 position;      /* of the next instant to read */
	TimestampTz current; /* the instant read before it */
	TimestampTz next;    /* valid if has_next */
	bool has_next;
	BufFile *file; /* the instants after IN_MEMORY */
	TimestampTz instants[IN_MEMORY];
};

/*
 * version_list_create makes an empty list.
 */
VersionList *
version_list_create(void)
{
	VersionList *list = palloc(sizeof(VersionList));

	list->file = NULL;
	version_list_reset(list);
	return list;
}

/*
 * version_list_reset empties the list.
 */
void
version_list_reset(VersionList *list)
{
	if (list->file != NULL)
		BufFileClose(list->file);
	list->file = NULL;
	list->count = 0;
	version_list_rewind(list);
}

/*
 * version_list_add adds an instant.
 */
void
version_list_add(VersionList *list, TimestampTz valid_from)
{
	if (list->count < IN_MEMORY)
		list->instants[list->count] = valid_from;
	else
	{
		if (list->file == NULL)
		{
			MemoryContext caller = MemoryContextSwitchTo(GetMemoryChunkContext(list));

			list->file = BufFileCreateTemp(false);
			MemoryContextSwitchTo(caller);
		}
		BufFileWrite(list->file, &valid_from, sizeof(valid_from));
	}
	list->count++;
}

/*
 * read_next reads the next instant, if there is one.
 */
static void
read_next(VersionList *list)
{
	list->has_next = list->position < list->count;
	if (!list->has_next)
		return;
	if (list->position < IN_MEMORY)
		list->next = list->instants[list->position];
	else if (BufFileRead(list->file, &list->next, sizeof(list->next)) != sizeof(list->next))
		elog(ERROR, "a temporary file of versions is shorter than what was written to it");
	list->position++;
}

/*
 * version_list_rewind makes the list be read from the first instant.
 */
void
version_list_rewind(VersionList *list)
{
	list->position = 0;
	list->current = DT_NOBEGIN;
	if (list->file != NULL && BufFileSeek(list->file, 0, 0, SEEK_SET) != 0)
		elog(ERROR, "could not rewind a temporary file of versions");
	read_next(list);
}

/*
 * version_list_at returns the latest instant at or before time.
 */
TimestampTz
version_list_at(VersionList *list, TimestampTz time)
{
	while (list->has_next && list->next <= time)
	{
		list->current = list->next;
		read_next(list);
	}
	return list->current;
}
