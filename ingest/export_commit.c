/*
 * export_commit.c
 *		Making what was written the tables' next version.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <inttypes.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "export_run.h"
#include "log.h"

/* How many versions there are from one checkpoint to the next. */
#define CHECKPOINT_INTERVAL 10

/* The list of live files, for readers that do not know Delta's logs. */
#define CURRENT "_current.json"

/*
 * no_memory says so.
 */
static bool
no_memory(const ExportRun *run)
{
	return fail_with(run->failure, "there is no memory for the lake's logs");
}

/*
 * milliseconds returns the time as Delta has it.
 */
static json_int_t
milliseconds(void)
{
	return (json_int_t) time(NULL) * 1000;
}

/*
 * add_info adds what people see of a version.  The parameters are texts, as all of Delta's are.
 */
static bool
add_info(const ExportRun *run, const ExportTable *table, json_t *actions)
{
	const LakeTable *lake = &table->table;
	Text partitions = {0};
	json_t *info;

	text_put(&partitions, "[");
	if (lake->partition >= 0)
	{
		const char *name = lake->columns[lake->partition].name;

		text_put_json(&partitions, name, strlen(name));
	}
	text_put(&partitions, "]");
	info = json_pack("{s:{s:I, s:s, s:{s:s, s:s}, s:s, s:s, s:s, s:s, s:s}}", "commitInfo",
					 "timestamp", milliseconds(), "operation", "WRITE", "operationParameters",
					 "mode", "Overwrite", "partitionBy", partitions.failed ? "" : partitions.data,
					 "engineInfo", "pg_sessionize/" INGEST_VERSION, "token", run->token, "pipeline",
					 run->database.pipeline, "export", run->database.name, "snapshotTime",
					 run->database.time);
	text_free(&partitions);
	return json_array_append_new(actions, info) == 0 || no_memory(run);
}

/*
 * add_metadata adds the table's schema, if it is not in the log; the table's id stays what it is.
 */
static bool
add_metadata(const ExportRun *run, const ExportTable *table, json_t *actions)
{
	const char *old = json_string_value(json_object_get(table->log.metadata, "id"));
	const LakeTable *lake = &table->table;
	json_t *partitions = json_array();
	char *schema = json_dumps(table->schema, JSON_COMPACT);
	char id[UUID_SIZE];
	bool done;

	if (lake->partition >= 0)
		json_array_append_new(partitions, json_string(lake->columns[lake->partition].name));
	done = random_uuid(id) &&
		   json_array_append_new(
			   actions, json_pack("{s:{s:s, s:s, s:{s:s, s:{}}, s:s, s:o, s:{}, s:I}}", "metaData",
								  "id", old != NULL ? old : id, "name", lake->name, "format",
								  "provider", "parquet", "options", "schemaString",
								  schema != NULL ? schema : "", "partitionColumns", partitions,
								  "configuration", "createdTime", milliseconds())) == 0;
	free(schema);
	return (done && schema != NULL) || no_memory(run);
}

/*
 * add_protocol adds what readers and writers must know, in the first version.
 */
static bool
add_protocol(const ExportRun *run, json_t *actions)
{
	return json_array_append_new(actions,
								 json_pack("{s:{s:i, s:i}}", "protocol", "minReaderVersion", 1,
										   "minWriterVersion", 2)) == 0 ||
		   no_memory(run);
}

/*
 * is_written returns whether the day of a file has been written anew.
 */
static bool
is_written(const ExportTable *table, const json_t *add)
{
	const LakeTable *lake = &table->table;
	const json_t *values = json_object_get(add, "partitionValues");
	const char *day;

	if (table->whole)
		return true;
	if (lake->partition < 0)
		return table->day_count > 0;
	day = json_string_value(json_object_get(values, lake->columns[lake->partition].name));
	for (size_t i = 0; i < table->day_count; i++)
		if (strcmp(table->days[i].day, day != NULL ? day : "") == 0)
			return true;
	return false;
}

/*
 * add_removes removes the files of all days that have been written anew.
 */
static bool
add_removes(const ExportRun *run, ExportTable *table, json_t *actions)
{
	const char *path;
	json_t *add;

	json_object_foreach(table->log.live, path, add)
	{
		json_t *remove;

		if (!is_written(table, add))
			continue;
		remove = json_pack("{s:{s:O, s:I, s:b, s:b, s:O, s:O}}", "remove", "path",
						   json_object_get(add, "path"), "deletionTimestamp", milliseconds(),
						   "dataChange", 1, "extendedFileMetadata", 1, "partitionValues",
						   json_object_get(add, "partitionValues"), "size",
						   json_object_get(add, "size"));
		if (json_array_append_new(actions, remove) != 0)
			return no_memory(run);
		table->removed++;
	}
	return true;
}

/*
 * make_actions makes all actions of a version.
 */
static bool
make_actions(const ExportRun *run, ExportTable *table, json_t *actions)
{
	return actions != NULL && add_info(run, table, actions) &&
		   (table->log.version >= 0 || add_protocol(run, actions)) &&
		   (!table->new_schema || add_metadata(run, table, actions)) &&
		   delta_log_sign(&table->log, actions, run->token) && add_removes(run, table, actions) &&
		   (json_array_extend(actions, table->adds) == 0 || no_memory(run));
}

/*
 * commit_table makes a table's next version.  From then on its files are named by a log; that they
 * are not must be certain before they are removed.
 */
static bool
commit_table(ExportRun *run, ExportTable *table)
{
	json_t *actions = json_array();
	LakeResult result =
		make_actions(run, table, actions) ? delta_log_commit(&table->log, actions) : LAKE_FAILED;

	json_decref(actions);
	if (result == LAKE_OK || result == LAKE_UNSURE)
		json_array_clear(table->files);
	if (result != LAKE_OK)
		return false;
	log_info("%s: version %" PRId64 ": %zu days, %" PRId64 " rows, %zu files with %" PRId64
			 " bytes added, %" PRId64 " files removed",
			 table->table.name, table->log.version, table->day_count, table->rows,
			 json_array_size(table->adds), table->bytes, table->removed);
	export_point("logged");
	export_point(table->table.name);
	return true;
}

/*
 * export_commit commits all tables, each time in the same order.
 */
bool
export_commit(ExportRun *run)
{
	for (size_t i = 0; i < run->table_count; i++)
		if (!commit_table(run, &run->tables[i]))
			return false;
	return true;
}

/*
 * export_checkpoint writes the checkpoints that are due.
 */
bool
export_checkpoint(ExportRun *run)
{
	for (size_t i = 0; i < run->table_count; i++)
	{
		DeltaLog *log = &run->tables[i].log;

		if (log->version - (log->checkpoint >= 0 ? log->checkpoint : 0) >= CHECKPOINT_INTERVAL &&
			!delta_log_checkpoint(log, export_keep(run)))
			return false;
	}
	return true;
}

/*
 * list_table returns a table's version and live files.
 */
static json_t *
list_table(const ExportTable *table)
{
	json_t *files = json_array();
	const char *path;
	json_t *add;

	json_object_foreach(table->log.live, path, add)
	{
		char name[LAKE_NAME_SIZE * 2];

		snprintf(name, sizeof(name), "%s/%s", table->table.name, path);
		json_array_append_new(files, json_string(name));
	}
	return json_pack("{s:I, s:o}", "version", (json_int_t) table->log.version, "files", files);
}

/*
 * export_list_files writes the list of live files.
 */
bool
export_list_files(ExportRun *run)
{
	json_t *tables = json_object();
	json_t *list;
	char *text;
	bool done;

	for (size_t i = 0; i < run->table_count; i++)
		json_object_set_new(tables, run->tables[i].table.name, list_table(&run->tables[i]));
	list = json_pack("{s:s, s:s, s:o}", "token", run->changed ? run->token : run->database.token,
					 "time", run->database.time, "tables", tables);
	text = json_dumps(list, JSON_INDENT(1));
	json_decref(list);
	if (text == NULL)
		return no_memory(run);
	done = run->storage->put(run->storage, CURRENT, text, strlen(text)) == LAKE_OK;
	free(text);
	return done;
}

/*
 * fingerprint returns what the database knows a table without days by: what it said just now, or, if
 * the table has not changed, before.
 */
static json_t *
fingerprint(const ExportTable *table, const json_t *before)
{
	if (table->fingerprint != NULL)
		return json_string(table->fingerprint);
	return json_incref(json_object_get(json_object_get(before, table->table.name), "fingerprint"));
}

/*
 * export_summary returns what was done.
 */
char *
export_summary(const ExportRun *run)
{
	json_t *before = json_loads(run->database.summary, 0, NULL);
	json_t *summary = json_object();
	char *text;

	for (size_t i = 0; i < run->table_count; i++)
	{
		const ExportTable *table = &run->tables[i];

		json_object_set_new(summary, table->table.name,
							json_pack("{s:I, s:I, s:I, s:I, s:I, s:o*}", "version",
									  (json_int_t) table->log.version, "days",
									  (json_int_t) table->day_count, "rows",
									  (json_int_t) table->rows, "bytes", (json_int_t) table->bytes,
									  "files", (json_int_t) json_array_size(table->adds),
									  "fingerprint", fingerprint(table, before)));
	}
	text = json_dumps(summary, JSON_COMPACT);
	json_decref(summary);
	json_decref(before);
	return text;
}
