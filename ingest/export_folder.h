/*
 * export_folder.h
 *		The temporary folder of an export, and those that exports which were killed have left.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_EXPORT_FOLDER_H
#define INGEST_EXPORT_FOLDER_H

#include "failure.h"

typedef struct ExportFolder
{
	char *path;
	int lock; /* a file that is locked as long as the program lives */
} ExportFolder;

/*
 * Make a folder within a directory; empty: within what TMPDIR says, or /tmp.  Folders there that
 * belong to no program any more are removed.
 */
extern bool export_folder_make(ExportFolder *folder, const char *within, Failure *failure);

/* Remove the folder and the files in it. */
extern void export_folder_remove(ExportFolder *folder);

#endif /* INGEST_EXPORT_FOLDER_H */
