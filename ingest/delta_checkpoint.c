/*
 * delta_checkpoint.c
 *		Checkpoints of Delta's logs: the actions that count at a version, as a Parquet file.
 *
 * DuckDB makes the file of lines of JSON, and lines of JSON of the file.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "delta_log.h"
#include "log.h"

#define NAME_FORMAT "%s%020" PRId64 ".checkpoint.parquet"

/* The columns of a checkpoint, and their types. */
#define MAP "MAP(VARCHAR, VARCHAR)"
#define COLUMNS                                                                                    \
	"{\"txn\": 'STRUCT(appId VARCHAR, version BIGINT, lastUpdated BIGINT)',"                       \
	" \"add\": 'STRUCT(path VARCHAR, partitionValues " MAP ", size BIGINT, modificationTime "      \
	"BIGINT, dataChange BOOLEAN, stats VARCHAR, tags " MAP ")',"                                   \
	" \"remove\": 'STRUCT(path VARCHAR, deletionTimestamp BIGINT, dataChange BOOLEAN, "            \
	"extendedFileMetadata BOOLEAN, partitionValues " MAP ", size BIGINT, tags " MAP ")',"          \
	" \"metaData\": 'STRUCT(id VARCHAR, name VARCHAR, description VARCHAR, format "                \
	"STRUCT(provider VARCHAR, options " MAP                                                        \
	"), schemaString VARCHAR, partitionColumns VARCHAR[], "                                        \
	"configuration " MAP ", createdTime BIGINT)',"                                                 \
	" \"protocol\": 'STRUCT(minReaderVersion INTEGER, minWriterVersion INTEGER)'}"

/* Local files that a checkpoint goes through. */
typedef struct Files
{
	Text lines;
	Text parquet;
} Files;

/*
 * name_files names the local files.
 */
static bool
name_files(const DeltaLog *log, Files *files)
{
	*files = (Files){{0}, {0}};
	return duckdb_session_path(log->session, ".checkpoint.json", &files->lines) &&
		   duckdb_session_path(log->session, ".checkpoint.parquet", &files->parquet);
}

/*
 * remove_files removes the local files.
 */
static void
remove_files(Files *files)
{
	if (files->lines.data != NULL)
		(void) unlink(files->lines.data);
	if (files->parquet.data != NULL)
		(void) unlink(files->parquet.data);
	text_free(&files->lines);
	text_free(&files->parquet);
}

/*
 * write_file writes a local file.
 */
static bool
write_file(const DeltaLog *log, const char *path, const Text *contents)
{
	FILE *file = fopen(path, "w");
	bool written = file != NULL;

	if (written && fwrite(contents->data, 1, contents->length, file) != contents->length)
		written = false;
	if (file != NULL && fclose(file) != 0)
		written = false;
	return written ||
		   fail_with(log->failure, "could not write the file \"%s\": %s", path, strerror(errno));
}

/*
 * run runs a statement with two paths in it, which are quoted.
 */
static bool
run(const DeltaLog *log, const char *format, const char *first, const char *second, DuckdbRow take,
	void *context)
{
	Text quoted[2] = {{0}, {0}};
	Text sql = {0};
	bool done;

	for (int i = 0; i < 2; i++)
		for (const char *at = i == 0 ? first : second; *at != '\0'; at++)
			text_printf(&quoted[i], "%s%c", *at == '\'' ? "'" : "", *at);
	if (!quoted[0].failed && !quoted[1].failed)
		text_printf(&sql, format, quoted[0].data, quoted[1].data);
	done = sql.data != NULL && !sql.failed &&
		   duckdb_session_run(log->session, sql.data, take, context);
	text_free(&quoted[0]);
	text_free(&quoted[1]);
	text_free(&sql);
	return done || fail_with(log->failure, "there is no memory for a checkpoint");
}

/*
 * drop_nulls removes the members of an action that are null.
 */
static void
drop_nulls(json_t *action)
{
	const char *key;
	json_t *value;
	void *next;

	json_object_foreach_safe(action, next, key, value)
	{
		if (json_is_null(value))
			json_object_del(action, key);
	}
}

/*
 * take_action takes a row, which has one action and nulls for the other kinds.
 */
static bool
take_action(void *context, const DuckdbText *values)
{
	DeltaLog *log = context;
	json_t *action = json_loadb(values[0].bytes, values[0].length, JSON_ALLOW_NUL, NULL);
	const char *kind;
	json_t *value;
	bool done;

	if (action == NULL)
		return fail_with(log->failure, "the checkpoint in \"%s\" can't be read", log->folder);
	json_object_foreach(action, kind, value)
	{
		drop_nulls(value);
	}
	done = delta_log_apply(log, action);
	json_decref(action);
	return done;
}

/*
 * delta_checkpoint_read reads a checkpoint.
 */
bool
delta_checkpoint_read(DeltaLog *log, int64_t version)
{
	char name[LAKE_NAME_SIZE];
	Text contents = {0};
	Files files;
	bool done;

	snprintf(name, sizeof(name), NAME_FORMAT, log->folder, version);
	done = name_files(log, &files) && log->storage->get(log->storage, name, &contents) == LAKE_OK &&
		   write_file(log, files.parquet.data, &contents) &&
		   run(log,
			   "SELECT to_json({'txn': txn, 'add': \"add\", 'remove': remove, 'metaData': "
			   "\"metaData\", 'protocol': protocol})::VARCHAR FROM read_parquet('%s') -- %s",
			   files.parquet.data, "", take_action, log);
	text_free(&contents);
	remove_files(&files);
	return done;
}

/*
 * put_line adds an action as a line.
 */
static void
put_line(Text *lines, const char *kind, const json_t *value)
{
	char *line = json_dumps(value, JSON_COMPACT);

	if (line == NULL)
		lines->failed = true;
	else
		text_printf(lines, "{\"%s\":%s}\n", kind, line);
	free(line);
}

/*
 * is_past returns whether an action is of no more use: a removed file that is deleted by now, or an
 * export before the last one.
 */
static bool
is_past(const DeltaLog *log, const char *kind, const char *key, const json_t *value, int64_t keep)
{
	if (strcmp(kind, "remove") == 0)
		return json_integer_value(json_object_get(value, "deletionTimestamp")) <
			   ((int64_t) time(NULL) - keep) * 1000;
	return strcmp(kind, "txn") == 0 && strncmp(key, "pg_sessionize:", 14) == 0 &&
		   strcmp(key + 14, log->token) != 0;
}

/*
 * put_all adds all actions of a kind; returns how many.
 */
static int64_t
put_all(const DeltaLog *log, Text *lines, const char *kind, json_t *actions, int64_t keep)
{
	const char *key;
	json_t *value;
	int64_t count = 0;

	json_object_foreach(actions, key, value)
	{
		if (is_past(log, kind, key, value, keep))
			continue;
		put_line(lines, kind, value);
		count++;
	}
	return count;
}

/*
 * put_hint tells readers of the last checkpoint.
 */
static bool
put_hint(DeltaLog *log, int64_t actions)
{
	char name[LAKE_NAME_SIZE];
	char hint[96];
	int length;

	snprintf(name, sizeof(name), "%s_last_checkpoint", log->folder);
	length = snprintf(hint, sizeof(hint), "{\"version\":%" PRId64 ",\"size\":%" PRId64 "}",
					  log->version, actions);
	return log->storage->put(log->storage, name, hint, (size_t) length) == LAKE_OK;
}

/*
 * put_checkpoint makes the file of all actions that count, and puts it.
 */
static bool
put_checkpoint(DeltaLog *log, int64_t keep)
{
	char name[LAKE_NAME_SIZE];
	Text lines = {0};
	int64_t count = 2;
	Files files;
	bool done;

	put_line(&lines, "protocol", log->protocol);
	put_line(&lines, "metaData", log->metadata);
	count += put_all(log, &lines, "txn", log->txns, keep);
	count += put_all(log, &lines, "add", log->live, keep);
	count += put_all(log, &lines, "remove", log->removed, keep);
	snprintf(name, sizeof(name), NAME_FORMAT, log->folder, log->version);
	done =
		name_files(log, &files) && !lines.failed && write_file(log, files.lines.data, &lines) &&
		run(log,
			"COPY (SELECT * FROM read_json('%s', format = 'newline_delimited', columns = " COLUMNS
			")) TO '%s' (FORMAT parquet, COMPRESSION zstd)",
			files.lines.data, files.parquet.data, NULL, NULL) &&
		log->storage->put_file(log->storage, name, files.parquet.data) == LAKE_OK &&
		put_hint(log, count);
	text_free(&lines);
	remove_files(&files);
	return done || fail_with(log->failure, "there is no memory for a checkpoint");
}

/*
 * version_of returns the version that an object of the log belongs to; -1: none.
 */
static int64_t
version_of(const DeltaLog *log, const LakeObject *object, const char *suffix)
{
	const char *name = object->name + strlen(log->folder);
	char *end;
	int64_t version = strtoll(name, &end, 10);

	return end - name == 20 && strcmp(end, suffix) == 0 ? version : -1;
}

/*
 * remove_old removes versions and checkpoints before the last checkpoint that is old enough.
 */
static bool
remove_old(DeltaLog *log, int64_t keep)
{
	int64_t before = (int64_t) time(NULL) - keep;
	LakeList list = {NULL, 0};
	int64_t oldest = -1;
	bool done = log->storage->list(log->storage, log->folder, &list) == LAKE_OK;

	for (size_t i = 0; i < list.count; i++)
	{
		int64_t version = version_of(log, &list.objects[i], ".checkpoint.parquet");

		if (version > oldest && list.objects[i].modified < before)
			oldest = version;
	}
	for (size_t i = 0; done && i < list.count; i++)
	{
		const LakeObject *object = &list.objects[i];
		int64_t version = version_of(log, object, ".json");

		if (version < 0)
			version = version_of(log, object, ".checkpoint.parquet");
		if (version >= 0 && version < oldest)
			done = log->storage->remove(log->storage, object->name) == LAKE_OK;
	}
	lake_list_free(&list);
	return done;
}

/*
 * delta_log_checkpoint writes a checkpoint and removes what is older than is needed.
 */
bool
delta_log_checkpoint(DeltaLog *log, int64_t keep)
{
	if (!put_checkpoint(log, keep))
		return false;
	log->checkpoint = log->version;
	log_debug("checkpoint %" PRId64 " in %s", log->version, log->folder);
	return remove_old(log, keep);
}
