/*
 * duckdb_library.c
 *		Loading DuckDB's library.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "duckdb_library.h"
#include "log.h"

#define VARIABLE "PG_SESSIONIZE_DUCKDB"

/* The oldest version that the tests have been run with. */
#define OLDEST_MAJOR 1
#define OLDEST_MINOR 5

/* The functions in the order of the structure's members. */
typedef struct FunctionName
{
	const char *name;
	size_t offset;
} FunctionName;

#define DUCKDB_NAME(returns, name, arguments) {"duckdb_" #name, offsetof(DuckdbLibrary, name)},

static const FunctionName names[] = {DUCKDB_FUNCTIONS(DUCKDB_NAME)};

/*
 * find_functions looks all functions up.
 */
static bool
find_functions(void *handle, DuckdbLibrary *library, const char *path, Failure *failure)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		void *function = dlsym(handle, names[i].name);

		if (function == NULL)
			return fail_with(failure,
							 "the library \"%s\" has no function %s: it is not DuckDB's, or of a "
							 "version that is too old; take DuckDB %d.%d or a later one",
							 path, names[i].name, OLDEST_MAJOR, OLDEST_MINOR);
		memcpy((char *) library + names[i].offset, &function, sizeof(function));
	}
	return true;
}

/*
 * check_version refuses versions that are too old.  One that can't be told, such as that of a
 * development build, is taken.
 */
static bool
check_version(const DuckdbLibrary *library, const char *path, Failure *failure)
{
	const char *version = library->library_version();
	int major;
	int minor;

	if (sscanf(version, "v%d.%d", &major, &minor) == 2 &&
		(major < OLDEST_MAJOR || (major == OLDEST_MAJOR && minor < OLDEST_MINOR)))
		return fail_with(failure,
						 "the library \"%s\" is DuckDB %s, which is too old; take DuckDB %d.%d or "
						 "a later one",
						 path, version, OLDEST_MAJOR, OLDEST_MINOR);
	log_debug("DuckDB %s is loaded from %s", version, path);
	return true;
}

/*
 * duckdb_library loads the library.
 */
const DuckdbLibrary *
duckdb_library(const char *path, Failure *failure)
{
	static DuckdbLibrary library;
	const char *variable = getenv(VARIABLE);
	void *handle;

	if (*path == '\0')
		path = variable != NULL && *variable != '\0' ? variable : "libduckdb.so";
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (handle == NULL)
	{
		fail_with(failure,
				  "DuckDB's library, which writes the Parquet files, could not be loaded: %s; take "
				  "libduckdb from https://duckdb.org/install (C/C++) and say where it is: --duckdb "
				  "/path/to/libduckdb.so, or " VARIABLE " in the environment",
				  dlerror());
		return NULL;
	}
	if (find_functions(handle, &library, path, failure) && check_version(&library, path, failure))
		return &library;
	dlclose(handle);
	return NULL;
}
