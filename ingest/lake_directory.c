/*
 * lake_directory.c
 *		A lake in a directory.
 *
 * An object is written to a file whose name begins with ".", synced, and then gets its own name: by
 * link(2), which fails if there is one, or by rename(2), which takes its place.  Then the folder is
 * synced.  What a crash leaves behind are files that begin with ".", which list() shows as well.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lake_storage.h"
#include "random_uuid.h"

#define COPY_SIZE ((size_t) 256 * 1024)

typedef struct LakeDirectory
{
	LakeStorage storage;
	char *root;
} LakeDirectory;

/* The path of an object's file, and of the one that becomes it. */
typedef struct Paths
{
	char path[PATH_MAX];
	char next[PATH_MAX];
} Paths;

/*
 * fail says what can't be done with a path, and why.
 */
static LakeResult
fail(LakeStorage *storage, const char *what, const char *path)
{
	fail_with(storage->failure, "could not %s \"%s\": %s", what, path, strerror(errno));
	return LAKE_FAILED;
}

/*
 * find_paths makes the paths of an object.
 */
static bool
find_paths(LakeStorage *storage, const char *name, Paths *paths)
{
	const char *root = ((LakeDirectory *) storage)->root;
	const char *slash = strrchr(name, '/');
	const char *base = slash != NULL ? slash + 1 : name;
	char unique[UUID_SIZE];
	int length;

	if (!random_uuid(unique))
		return fail_with(storage->failure, "the system has no random numbers");
	length = snprintf(paths->path, sizeof(paths->path), "%s/%s", root, name);
	if (length < (int) sizeof(paths->path))
		length = snprintf(paths->next, sizeof(paths->next), "%s/%.*s.%s.%.8s", root,
						  (int) (base - name), name, base, unique);
	if (length < (int) sizeof(paths->next))
		return true;
	return fail_with(storage->failure, "the name \"%s\" is too long", name);
}

/*
 * sync_folder syncs the folder that a path is in.
 */
static bool
sync_folder(const char *path)
{
	char folder[PATH_MAX];
	char *slash;
	bool synced;
	int fd;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	slash[slash == folder ? 1 : 0] = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	synced = fsync(fd) == 0;
	close(fd);
	return synced;
}

/*
 * make_folders makes the folders that a path leads through, and sees to it that they stay.
 */
static bool
make_folders(const char *path)
{
	char folder[PATH_MAX];

	snprintf(folder, sizeof(folder), "%s", path);
	for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/'))
	{
		*slash = '\0';
		if (mkdir(folder, 0777) == 0)
		{
			if (!sync_folder(folder))
				return false;
		}
		else if (errno != EEXIST)
			return false;
		*slash = '/';
	}
	return true;
}

/*
 * write_bytes writes all bytes.
 */
static bool
write_bytes(int fd, const char *bytes, size_t length)
{
	while (length > 0)
	{
		ssize_t n = write(fd, bytes, length);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
		{
			bytes += n;
			length -= (size_t) n;
		}
	}
	return true;
}

/*
 * copy_file copies what another file has.
 */
static bool
copy_file(int to, int from)
{
	char *buffer = malloc(COPY_SIZE);
	ssize_t n = buffer != NULL ? 1 : -1;

	while (n > 0 || (n < 0 && errno == EINTR && buffer != NULL))
	{
		n = read(from, buffer, COPY_SIZE);
		if (n > 0 && !write_bytes(to, buffer, (size_t) n))
			n = -1;
	}
	free(buffer);
	return n == 0;
}

/*
 * write_next makes the file that becomes an object, from bytes or from an open file.  If that fails
 * there is none.
 */
static bool
write_next(LakeStorage *storage, const Paths *paths, const char *bytes, size_t length, int from)
{
	int fd;
	bool written;

	if (!make_folders(paths->path))
		return fail(storage, "make the folder of", paths->path) == LAKE_OK;
	fd = open(paths->next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return fail(storage, "make the file", paths->next) == LAKE_OK;
	written = from >= 0 ? copy_file(fd, from) : write_bytes(fd, bytes, length);
	written = written && fsync(fd) == 0;
	if (!written)
		fail(storage, "write the file", paths->next);
	if (close(fd) != 0 && written)
	{
		fail(storage, "write the file", paths->next);
		written = false;
	}
	if (!written)
		(void) unlink(paths->next);
	return written;
}

/*
 * put_new puts an object that is not there.
 */
static LakeResult
put_new(LakeStorage *storage, const char *name, const char *bytes, size_t length)
{
	LakeResult result = LAKE_OK;
	Paths paths;

	if (!find_paths(storage, name, &paths) || !write_next(storage, &paths, bytes, length, -1))
		return LAKE_FAILED;
	if (link(paths.next, paths.path) != 0)
		result = errno == EEXIST ? LAKE_EXISTS : fail(storage, "make the file", paths.path);
	(void) unlink(paths.next);
	if (result == LAKE_OK && !sync_folder(paths.path))
	{
		fail(storage, "sync the folder of", paths.path);
		result = LAKE_UNSURE;
	}
	return result;
}

/*
 * take_place lets the next file take an object's place.
 */
static LakeResult
take_place(LakeStorage *storage, const Paths *paths, const char *next)
{
	if (rename(next, paths->path) != 0)
	{
		LakeResult result = fail(storage, "make the file", paths->path);

		(void) unlink(next);
		return result;
	}
	return sync_folder(paths->path) ? LAKE_OK : fail(storage, "sync the folder of", paths->path);
}

/*
 * put puts an object.
 */
static LakeResult
put(LakeStorage *storage, const char *name, const char *bytes, size_t length)
{
	Paths paths;

	if (!find_paths(storage, name, &paths) || !write_next(storage, &paths, bytes, length, -1))
		return LAKE_FAILED;
	return take_place(storage, &paths, paths.next);
}

/*
 * on_one_disk returns whether a file could be renamed into an object's folder, which is made.
 */
static bool
on_one_disk(int fd, const Paths *paths)
{
	char folder[PATH_MAX];
	struct stat of_file;
	struct stat of_folder;

	snprintf(folder, sizeof(folder), "%s", paths->path);
	*strrchr(folder, '/') = '\0';
	return make_folders(paths->path) && fstat(fd, &of_file) == 0 && stat(folder, &of_folder) == 0 &&
		   of_file.st_dev == of_folder.st_dev;
}

/*
 * put_file puts a local file: by its name where that can be, else by copying it.
 */
static LakeResult
put_file(LakeStorage *storage, const char *name, const char *path)
{
	LakeResult result = LAKE_FAILED;
	Paths paths;
	int fd;

	if (!find_paths(storage, name, &paths))
		return LAKE_FAILED;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(storage, "read the file", path);
	if (on_one_disk(fd, &paths))
		result = fsync(fd) == 0 ? take_place(storage, &paths, path)
								: fail(storage, "sync the file", path);
	else if (write_next(storage, &paths, NULL, 0, fd))
		result = take_place(storage, &paths, paths.next);
	close(fd);
	return result;
}

/*
 * get reads an object.
 */
static LakeResult
get(LakeStorage *storage, const char *name, Text *contents)
{
	char *buffer;
	ssize_t n = 1;
	Paths paths;
	int fd;

	if (!find_paths(storage, name, &paths))
		return LAKE_FAILED;
	fd = open(paths.path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? LAKE_ABSENT
												   : fail(storage, "read the file", paths.path);
	buffer = malloc(COPY_SIZE);
	while (buffer != NULL && n > 0)
	{
		n = read(fd, buffer, COPY_SIZE);
		if (n > 0)
			text_add(contents, buffer, (size_t) n);
		else if (n < 0 && errno == EINTR)
			n = 1;
	}
	close(fd);
	if (n < 0)
		fail(storage, "read the file", paths.path);
	else if (buffer == NULL || contents->failed)
	{
		fail_with(storage->failure, "there is no memory to read \"%s\"", paths.path);
		n = -1;
	}
	free(buffer);
	return n < 0 ? LAKE_FAILED : LAKE_OK;
}

/*
 * list_folder adds the files of a folder and of the folders in it.
 */
static LakeResult
list_folder(LakeStorage *storage, const char *folder, LakeList *list)
{
	LakeResult result = LAKE_OK;
	char path[PATH_MAX];
	char name[LAKE_NAME_SIZE];
	struct dirent *entry;
	struct stat file;
	DIR *directory;

	if (snprintf(path, sizeof(path), "%s/%s", ((LakeDirectory *) storage)->root, folder) >=
		(int) sizeof(path))
		return fail(storage, "list the folder", folder);
	if ((directory = opendir(path)) == NULL)
		return errno == ENOENT ? LAKE_OK : fail(storage, "list the folder", path);
	while (result == LAKE_OK && (errno = 0, entry = readdir(directory)) != NULL)
	{
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
			snprintf(name, sizeof(name), "%s%s", folder, entry->d_name) >= (int) sizeof(name) - 1 ||
			/* another one may have removed it just now */
			fstatat(dirfd(directory), entry->d_name, &file, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (S_ISDIR(file.st_mode))
			result = list_folder(storage, strcat(name, "/"), list);
		else if (S_ISREG(file.st_mode) && !lake_list_add(list, name, file.st_size, file.st_mtime))
		{
			fail_with(storage->failure, "there is no memory to list \"%s\"", path);
			result = LAKE_FAILED;
		}
	}
	if (result == LAKE_OK && errno != 0)
		result = fail(storage, "list the folder", path);
	closedir(directory);
	return result;
}

/*
 * list lists objects.
 */
static LakeResult
list(LakeStorage *storage, const char *folder, LakeList *list)
{
	LakeResult result = list_folder(storage, folder, list);

	lake_list_sort(list);
	return result;
}

/*
 * remove_object removes an object, and the folder of a day that has become empty by it.
 */
static LakeResult
remove_object(LakeStorage *storage, const char *name)
{
	Paths paths;

	if (!find_paths(storage, name, &paths))
		return LAKE_FAILED;
	if (unlink(paths.path) != 0 && errno != ENOENT)
		return fail(storage, "remove the file", paths.path);
	*strrchr(paths.path, '/') = '\0';
	if (strrchr(paths.path, '=') > strrchr(paths.path, '/'))
		(void) rmdir(paths.path);
	return LAKE_OK;
}

/*
 * close_directory frees the storage.
 */
static void
close_directory(LakeStorage *storage)
{
	free(((LakeDirectory *) storage)->root);
	free(storage);
}

/*
 * lake_directory_open makes the storage of a directory, which the first object makes.
 */
LakeStorage *
lake_directory_open(const char *path, Failure *failure)
{
	LakeDirectory *directory = calloc(1, sizeof(LakeDirectory));
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		length--;
	if (directory == NULL || (directory->root = strndup(path, length)) == NULL)
	{
		free(directory);
		fail_with(failure, "there is no memory for the lake");
		return NULL;
	}
	directory->storage =
		(LakeStorage){failure, put_new, put, put_file, get, list, remove_object, close_directory};
	return &directory->storage;
}
