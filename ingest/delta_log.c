/*
 * delta_log.c
 *		Reading and writing the versions of a table of Delta Lake.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "delta_log.h"

#define READER_VERSION 1
#define WRITER_VERSION 2

/* What an export's txn action begins with; its token follows. */
#define APPLICATION "pg_sessionize:"

/* What a version does, seen as a whole. */
typedef struct Commit
{
	bool ours;
	bool changes_rows;
} Commit;

/*
 * no_memory says so.
 */
static bool
no_memory(const DeltaLog *log)
{
	return fail_with(log->failure, "there is no memory for the log in \"%s\"", log->folder);
}

/*
 * replace keeps a reference to a value in the place of another.
 */
static void
replace(json_t **place, json_t *value)
{
	json_decref(*place);
	*place = json_incref(value);
}

/*
 * check_protocol refuses a table that needs more than this program can do.
 */
static bool
check_protocol(const DeltaLog *log, const json_t *protocol)
{
	json_int_t reader = json_integer_value(json_object_get(protocol, "minReaderVersion"));
	json_int_t writer = json_integer_value(json_object_get(protocol, "minWriterVersion"));

	if (reader <= READER_VERSION && writer <= WRITER_VERSION)
		return true;
	return fail_with(
		log->failure,
		"the table in \"%s\" has been upgraded to Delta's protocol %" JSON_INTEGER_FORMAT
		"/%" JSON_INTEGER_FORMAT
		", and this program writes %d/%d: export to another location, or remove the "
		"table's folder and have it written anew",
		log->folder, reader, writer, READER_VERSION, WRITER_VERSION);
}

/*
 * decode_path writes a path without the percent signs that the log has for unusual characters.
 */
static bool
decode_path(const json_t *action, char path[LAKE_NAME_SIZE])
{
	const char *encoded = json_string_value(json_object_get(action, "path"));
	unsigned int byte;
	size_t n = 0;

	if (encoded == NULL)
		return false;
	for (; *encoded != '\0' && n < LAKE_NAME_SIZE - 1; encoded++)
	{
		path[n++] = *encoded;
		if (*encoded == '%' && sscanf(encoded + 1, "%2x", &byte) == 1 && byte != 0)
		{
			path[n - 1] = (char) byte;
			encoded += 2;
		}
	}
	path[n] = '\0';
	return *encoded == '\0';
}

/*
 * apply_file takes a file into the table, or out of it.
 */
static bool
apply_file(DeltaLog *log, json_t *action, json_t *into, json_t *from)
{
	char path[LAKE_NAME_SIZE];

	if (!decode_path(action, path))
		return fail_with(log->failure, "the log in \"%s\" has a file without a path", log->folder);
	json_object_del(from, path);
	return json_object_set(into, path, action) == 0 || no_memory(log);
}

/*
 * apply_txn keeps what an application has noted, and finds the last export.
 */
static bool
apply_txn(DeltaLog *log, json_t *txn)
{
	const char *id = json_string_value(json_object_get(txn, "appId"));
	int64_t version = json_integer_value(json_object_get(txn, "version"));

	if (id == NULL || json_object_set(log->txns, id, txn) != 0)
		return no_memory(log);
	if (strncmp(id, APPLICATION, strlen(APPLICATION)) == 0 && version >= log->token_version)
	{
		snprintf(log->token, sizeof(log->token), "%s", id + strlen(APPLICATION));
		log->token_version = version;
		log->changed_by_others = -1;
	}
	return true;
}

/*
 * delta_log_apply takes an action into account.
 */
bool
delta_log_apply(DeltaLog *log, json_t *action)
{
	const char *kind;
	json_t *value;

	json_object_foreach(action, kind, value)
	{
		if (!json_is_object(value))
			continue;
		if (strcmp(kind, "add") == 0 && !apply_file(log, value, log->live, log->removed))
			return false;
		if (strcmp(kind, "remove") == 0 && !apply_file(log, value, log->removed, log->live))
			return false;
		if (strcmp(kind, "txn") == 0 && !apply_txn(log, value))
			return false;
		if (strcmp(kind, "metaData") == 0)
			replace(&log->metadata, value);
		if (strcmp(kind, "protocol") == 0)
		{
			if (!check_protocol(log, value))
				return false;
			replace(&log->protocol, value);
		}
	}
	return true;
}

/*
 * judge notes whether an action changes rows, and whether an export has made it.
 */
static void
judge(Commit *commit, const json_t *action)
{
	const char *id = json_string_value(json_object_get(json_object_get(action, "txn"), "appId"));

	if (id != NULL && strncmp(id, APPLICATION, strlen(APPLICATION)) == 0)
		commit->ours = true;
	if (json_is_true(json_object_get(json_object_get(action, "add"), "dataChange")) ||
		json_is_true(json_object_get(json_object_get(action, "remove"), "dataChange")))
		commit->changes_rows = true;
}

/*
 * read_lines reads the actions of a version; apply is false to judge them only.
 */
static bool
read_lines(DeltaLog *log, char *lines, bool apply, Commit *commit)
{
	char *rest;
	bool done = true;

	for (char *line = strtok_r(lines, "\n", &rest); done && line != NULL;
		 line = strtok_r(NULL, "\n", &rest))
	{
		json_error_t error;
		json_t *action = json_loads(line, JSON_ALLOW_NUL, &error);

		if (action == NULL)
			return fail_with(log->failure, "the log in \"%s\" can't be read: %s", log->folder,
							 error.text);
		judge(commit, action);
		done = !apply || delta_log_apply(log, action);
		json_decref(action);
	}
	return done;
}

/*
 * version_name makes the name of a version's file.
 */
static void
version_name(const DeltaLog *log, int64_t version, char name[LAKE_NAME_SIZE])
{
	snprintf(name, LAKE_NAME_SIZE, "%s%020" PRId64 ".json", log->folder, version);
}

/*
 * find_version reads a version, if it is there; apply is false to judge it only.
 */
static bool
find_version(DeltaLog *log, int64_t version, bool apply, bool *found)
{
	char name[LAKE_NAME_SIZE];
	Commit commit = {0};
	Text lines = {0};
	LakeResult result;
	bool done;

	version_name(log, version, name);
	result = log->storage->get(log->storage, name, &lines);
	*found = result == LAKE_OK;
	done = result == LAKE_ABSENT ||
		   (*found && lines.data != NULL && read_lines(log, lines.data, apply, &commit));
	if (commit.changes_rows && !commit.ours && version > log->token_version)
		log->changed_by_others = version;
	text_free(&lines);
	return done || fail_with(log->failure, "the version \"%s\" is empty", name);
}

/*
 * read_version reads a version.  One that is not there is a fault, unless it is only judged.
 */
static bool
read_version(DeltaLog *log, int64_t version, bool apply)
{
	bool found;

	return find_version(log, version, apply, &found) &&
		   (found || !apply ||
			fail_with(log->failure, "the log in \"%s\" has no version %" PRId64, log->folder,
					  version));
}

/*
 * find_versions finds the last version and the last checkpoint.
 */
static void
find_versions(DeltaLog *log, const LakeList *list)
{
	for (size_t i = 0; i < list->count; i++)
	{
		const char *name = list->objects[i].name + strlen(log->folder);
		int64_t version;
		int end = 0;

		if (sscanf(name, "%20" SCNd64 ".json%n", &version, &end) == 1 && end > 0 &&
			name[end] == '\0' && version > log->version)
			log->version = version;
		end = 0;
		if (sscanf(name, "%20" SCNd64 ".checkpoint.parquet%n", &version, &end) == 1 && end > 0 &&
			name[end] == '\0' && version > log->checkpoint)
			log->checkpoint = version;
	}
	if (log->checkpoint > log->version)
		log->version = log->checkpoint;
}

/*
 * read_versions reads the last checkpoint, and what came after it; and, of what the checkpoint has
 * in it, who has made it since the last export.
 */
static bool
read_versions(DeltaLog *log)
{
	if (log->checkpoint >= 0 && !delta_checkpoint_read(log, log->checkpoint))
		return false;
	for (int64_t version = log->token_version + 1; version <= log->checkpoint; version++)
		if (!read_version(log, version, false))
			return false;
	for (int64_t version = log->checkpoint + 1; version <= log->version; version++)
		if (!read_version(log, version, true))
			return false;
	return true;
}

/*
 * read_newer reads versions that the list did not show: it may be older than they are.
 */
static bool
read_newer(DeltaLog *log)
{
	bool found;

	while (find_version(log, log->version + 1, true, &found))
	{
		if (!found)
			return true;
		log->version++;
	}
	return false;
}

/*
 * delta_log_open reads the log.
 */
bool
delta_log_open(DeltaLog *log, LakeStorage *storage, DuckdbSession *session, const char *table,
			   Failure *failure)
{
	LakeList list = {NULL, 0};
	Text folder = {0};
	bool done;

	*log = (DeltaLog){.storage = storage,
					  .session = session,
					  .failure = failure,
					  .version = -1,
					  .checkpoint = -1,
					  .live = json_object(),
					  .removed = json_object(),
					  .txns = json_object(),
					  .token_version = -1,
					  .changed_by_others = -1};
	text_printf(&folder, "%s/_delta_log/", table);
	if (folder.failed || log->live == NULL || log->removed == NULL || log->txns == NULL)
		return fail_with(failure, "there is no memory for the log of \"%s\"", table);
	log->folder = folder.data;
	done = storage->list(storage, log->folder, &list) == LAKE_OK;
	if (done)
		find_versions(log, &list);
	lake_list_free(&list);
	return done && read_versions(log) && read_newer(log);
}

/*
 * delta_log_sign adds a txn action with the number of the version that it is to be in.
 */
bool
delta_log_sign(const DeltaLog *log, json_t *actions, const char *token)
{
	char id[sizeof(APPLICATION) + UUID_SIZE];

	snprintf(id, sizeof(id), APPLICATION "%s", token);
	if (json_array_append_new(actions, json_pack("{s:{s:s, s:I, s:I}}", "txn", "appId", id,
												 "version", (json_int_t) log->version + 1,
												 "lastUpdated", (json_int_t) time(NULL) * 1000)) !=
		0)
		return no_memory(log);
	return true;
}

/*
 * put_lines adds actions as lines.
 */
static bool
put_lines(const DeltaLog *log, const json_t *actions, Text *lines)
{
	for (size_t i = 0; i < json_array_size(actions); i++)
	{
		char *line = json_dumps(json_array_get(actions, i), JSON_COMPACT);

		if (line == NULL)
			return no_memory(log);
		text_put(lines, line);
		text_put(lines, "\n");
		free(line);
	}
	return !lines->failed || no_memory(log);
}

/*
 * is_ours returns whether a version is what was to be put: an answer that was lost, and then the same
 * once more.
 */
static bool
is_ours(const DeltaLog *log, const char *name, const Text *lines)
{
	Text there = {0};
	bool same = log->storage->get(log->storage, name, &there) == LAKE_OK &&
				there.length == lines->length &&
				memcmp(there.data, lines->data, lines->length) == 0;

	text_free(&there);
	return same;
}

/*
 * put_version puts the next version's file.
 */
static LakeResult
put_version(DeltaLog *log, const Text *lines)
{
	char name[LAKE_NAME_SIZE];
	LakeResult result;

	version_name(log, log->version + 1, name);
	result = log->storage->put_new(log->storage, name, lines->data, lines->length);
	if (result != LAKE_EXISTS)
		return result;
	if (is_ours(log, name, lines))
		return LAKE_OK;
	fail_with(log->failure,
			  "another one has made the version %" PRId64
			  " of the log in \"%s\" meanwhile; run the export again",
			  log->version + 1, log->folder);
	return LAKE_EXISTS;
}

/*
 * delta_log_commit makes the next version.
 */
LakeResult
delta_log_commit(DeltaLog *log, json_t *actions)
{
	Text lines = {0};
	LakeResult result = put_lines(log, actions, &lines) ? put_version(log, &lines) : LAKE_FAILED;

	text_free(&lines);
	if (result != LAKE_OK)
		return result;
	log->version++;
	for (size_t i = 0; i < json_array_size(actions); i++)
		if (!delta_log_apply(log, json_array_get(actions, i)))
			return LAKE_UNSURE;
	return LAKE_OK;
}

/*
 * delta_log_free frees what was read.
 */
void
delta_log_free(DeltaLog *log)
{
	json_decref(log->protocol);
	json_decref(log->metadata);
	json_decref(log->live);
	json_decref(log->removed);
	json_decref(log->txns);
	free(log->folder);
	*log = (DeltaLog){.version = -1};
}
