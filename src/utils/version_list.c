/*
 * version_list.c
 *		The user versions of one session key.
 *
 * Versions that do not fit into the array go to a temporary file.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "storage/buffile.h"
#include "utils/memutils.h"

#include "utils/version_list.h"

#define IN_MEMORY 1024

struct VersionList
{
	int64 count;
	bool is_growing;     /* versions were added since the list was last read */
	int64 position;      /* of the version after "next" */
	UserVersion current; /* the version before "next" */
	UserVersion next;    /* set if has_next */
	bool has_next;
	BufFile *file; /* the versions from IN_MEMORY on */
	UserVersion versions[IN_MEMORY];
};

/*
 * version_list_create returns an empty list.
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
	list->is_growing = true;
}

/*
 * version_list_add adds a version.
 */
void
version_list_add(VersionList *list, UserVersion version)
{
	if (list->count < IN_MEMORY)
		list->versions[list->count] = version;
	else
	{
		if (list->file == NULL)
		{
			MemoryContext caller = MemoryContextSwitchTo(GetMemoryChunkContext(list));

			list->file = BufFileCreateTemp(false);
			MemoryContextSwitchTo(caller);
		}
		BufFileWrite(list->file, &version, sizeof(version));
	}
	list->count++;
	list->is_growing = true;
}

/*
 * read_next reads the next version, if there is one.
 */
static void
read_next(VersionList *list)
{
	list->has_next = list->position < list->count;
	if (!list->has_next)
		return;
	if (list->position < IN_MEMORY)
		list->next = list->versions[list->position];
	else if (BufFileRead(list->file, &list->next, sizeof(list->next)) != sizeof(list->next))
		elog(ERROR, "a temporary file of versions is shorter than what was written to it");
	list->position++;
}

/*
 * rewind_list has the list read from the first version again.
 */
static void
rewind_list(VersionList *list)
{
	list->is_growing = false;
	list->position = 0;
	list->current = (UserVersion){DT_NOBEGIN, 0};
	if (list->file != NULL && BufFileSeek(list->file, 0, 0, SEEK_SET) != 0)
		elog(ERROR, "could not rewind a temporary file of versions");
	read_next(list);
}

/*
 * version_list_at returns the latest version that begins at or before a time.
 */
const UserVersion *
version_list_at(VersionList *list, TimestampTz time)
{
	if (list->is_growing)
		rewind_list(list);
	while (list->has_next && list->next.valid_from <= time)
	{
		list->current = list->next;
		read_next(list);
	}
	return &list->current;
}
