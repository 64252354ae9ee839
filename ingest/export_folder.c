/*
 * export_folder.c
 *		Temporary folders of exports.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export_folder.h"
#include "log.h"
#include "text.h"

#define PREFIX "pg_sessionize_export."
#define LOCK   "/lock"

/*
 * remove_entry removes a file, or a folder that is empty by now.
 */
static int
remove_entry(const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void) status;
	(void) type;
	(void) at;
	(void) remove(path);
	return 0;
}

/*
 * remove_tree removes a folder with all that is in it; links are not followed.
 */
static void
remove_tree(const char *path)
{
	(void) nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/*
 * lock_folder locks a folder's file; -1 if it is another program's, or can't be locked.
 */
static int
lock_folder(const char *path, int flags)
{
	Text name = {0};
	int fd = -1;

	text_printf(&name, "%s" LOCK, path);
	if (!name.failed)
		fd = open(name.data, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
	text_free(&name);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0)
	{
		close(fd);
		fd = -1;
	}
	return fd;
}

/*
 * remove_left removes a folder that this user owns and nobody locks any more.
 */
static void
remove_left(const char *path)
{
	struct stat status;
	int lock;

	if (lstat(path, &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != geteuid())
		return;
	if ((lock = lock_folder(path, 0)) < 0)
		return;
	log_info("removing %s, which an export that was killed has left", path);
	remove_tree(path);
	close(lock);
}

/*
 * remove_all_left removes what others have left.
 */
static void
remove_all_left(const char *within)
{
	DIR *directory = opendir(within);
	struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL)
	{
		Text path = {0};

		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0)
			continue;
		text_printf(&path, "%s/%s", within, entry->d_name);
		if (!path.failed)
			remove_left(path.data);
		text_free(&path);
	}
	if (directory != NULL)
		closedir(directory);
}

/*
 * export_folder_make makes a folder.
 */
bool
export_folder_make(ExportFolder *folder, const char *within, Failure *failure)
{
	const char *variable = getenv("TMPDIR");
	Text path = {0};

	*folder = (ExportFolder){.lock = -1};
	if (*within == '\0')
		within = variable != NULL && *variable != '\0' ? variable : "/tmp";
	remove_all_left(within);
	text_printf(&path, "%s/" PREFIX "XXXXXX", within);
	if (path.failed)
		return fail_with(failure, "there is no memory for the name of a folder");
	if (mkdtemp(path.data) == NULL)
	{
		fail_with(failure, "could not make a temporary folder in \"%s\": %s", within,
				  strerror(errno));
		text_free(&path);
		return false;
	}
	folder->path = path.data;
	folder->lock = lock_folder(path.data, O_CREAT);
	return folder->lock >= 0 ||
		   fail_with(failure, "could not lock the folder \"%s\": %s", path.data, strerror(errno));
}

/*
 * export_folder_remove removes it.
 */
void
export_folder_remove(ExportFolder *folder)
{
	if (folder->path != NULL)
		remove_tree(folder->path);
	if (folder->lock >= 0)
		close(folder->lock);
	free(folder->path);
	*folder = (ExportFolder){.lock = -1};
}
