/*
 * export_plan.c
 *		What is to be written: the days that have changed, or all days of a table.
 *
 * Each version that an export makes has the export's token in it.  The database remembers the token
 * of the last export that was finished, and those that have been intended since.  So a crash between
 * the lake's logs and the database is found out and settled, and so is a lake that belongs to another
 * database, or to one that was restored from a backup: its notes of what has changed say nothing
 * about that lake.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export_run.h"
#include "log.h"

/*
 * is_finished returns whether a log is where the last finished export has left it.
 */
static bool
is_finished(const ExportRun *run, const DeltaLog *log)
{
	return *log->token != '\0' && strcmp(log->token, run->database.token) == 0;
}

/*
 * is_intended returns whether a log is where an export has left it that was intended and has not
 * been finished.
 */
static bool
is_intended(const ExportRun *run, const DeltaLog *log)
{
	return *log->token != '\0' && !is_finished(run, log) &&
		   strcmp(run->database.intended, log->token) == 0;
}

/*
 * refuse says that a log is not this database's.
 */
static bool
refuse(const ExportRun *run, const ExportTable *table)
{
	const DeltaLog *log = &table->log;

	if (log->changed_by_others >= 0)
		return fail_with(run->failure,
						 "another program has changed rows of the table \"%s\" in version %" PRId64
						 " of its log; with --take-over all days are written anew",
						 table->table.name, log->changed_by_others);
	return fail_with(run->failure,
					 "the last version of the table \"%s\" in the lake, %" PRId64
					 ", is not from this database: it was written by another one, or this one was "
					 "restored from a backup, or the export was dropped and created again; with "
					 "--take-over all days are written anew",
					 table->table.name, log->version);
}

/*
 * check_log refuses a log that is not where this database has left it, unless it is taken over.
 */
static bool
check_log(const ExportRun *run, ExportTable *table)
{
	const DeltaLog *log = &table->log;

	if (log->version < 0 ||
		(log->changed_by_others < 0 && (is_finished(run, log) || is_intended(run, log))))
		return true;
	if (!run->options->take_over)
		return refuse(run, table);
	log_warning("%s: the table in the lake, at version %" PRId64
				", is taken over: all days are written anew",
				table->table.name, log->version);
	table->whole = true;
	return true;
}

/*
 * count_intended returns how many logs have the export that was intended and not finished.
 */
static size_t
count_intended(const ExportRun *run)
{
	size_t count = 0;

	for (size_t i = 0; i < run->table_count; i++)
		count += is_intended(run, &run->tables[i].log) ? 1 : 0;
	return count;
}

/*
 * choose_token chooses a token of this export's own.
 *
 * If some of the logs have one that was intended, and others not, it is used once more: the database
 * remembers one of them, and would not know those logs again after another crash.  Since logs are
 * written in one order, the last one has it only when all have what was intended last.
 */
static bool
choose_token(ExportRun *run)
{
	if (!random_uuid(run->token) || !random_uuid(run->files))
		return fail_with(run->failure, "the system has no random numbers");
	if (count_intended(run) > 0)
		memcpy(run->token, run->database.intended, sizeof(run->token));
	return true;
}

/*
 * distrust_fingerprints has tables without days written, of which the lake may have another form than
 * the one that the database compares them with.
 */
static void
distrust_fingerprints(ExportRun *run)
{
	for (size_t i = 0; i < run->table_count; i++)
		if (run->tables[i].table.partition < 0 && is_intended(run, &run->tables[i].log))
			run->tables[i].whole = true;
}

/*
 * settle_crash finishes an export that all logs have and the database does not know of.
 */
static bool
settle_crash(ExportRun *run)
{
	const char *token = run->database.intended;
	char *summary;
	bool done;

	if (count_intended(run) < run->table_count)
		return true;
	/* fingerprints are of what was finished before */
	*run->database.summary = '\0';
	log_info(
		"the last export was cut off after it had written the lake's logs; it is finished now");
	summary = export_summary(run);
	run->erases = run->database.erases;
	done = summary != NULL ? (!run->erases || export_vacuum(run)) &&
								 export_database_finish(&run->database, token, summary)
						   : fail_with(run->failure, "there is no memory for the export");
	free(summary);
	memcpy(run->database.token, token, sizeof(run->database.token));
	run->settled = true;
	return done;
}

/*
 * export_settle looks where the logs are, and settles what is open.
 */
bool
export_settle(ExportRun *run)
{
	for (size_t i = 0; i < run->table_count; i++)
		if (!check_log(run, &run->tables[i]))
			return false;
	if (!settle_crash(run))
		return false;
	distrust_fingerprints(run);
	return choose_token(run);
}

/*
 * has_schema returns whether the log's last metaData has the table's schema and partition.
 */
static bool
has_schema(const ExportTable *table)
{
	const LakeTable *lake = &table->table;
	const char *text = json_string_value(json_object_get(table->log.metadata, "schemaString"));
	json_t *partitions = json_object_get(table->log.metadata, "partitionColumns");
	const char *partition = json_string_value(json_array_get(partitions, 0));
	json_t *schema = text != NULL ? json_loads(text, 0, NULL) : NULL;
	bool same = schema != NULL && json_equal(schema, table->schema) == 1 &&
				json_array_size(partitions) == (lake->partition >= 0 ? 1 : 0) &&
				(partition == NULL || strcmp(partition, lake->columns[lake->partition].name) == 0);

	json_decref(schema);
	return same;
}

/*
 * compare_schema has a table that the lake does not have in this form written as a whole.
 */
static bool
compare_schema(ExportRun *run, ExportTable *table)
{
	table->schema = lake_table_schema(&table->table);
	if (table->schema == NULL)
		return fail_with(run->failure, "there is no memory for the table \"%s\"",
						 table->table.name);
	if (has_schema(table))
		return true;
	if (table->log.version >= 0)
		log_info("%s: the columns have changed, so that all days are written anew",
				 table->table.name);
	table->new_schema = true;
	table->whole = true;
	return true;
}

/*
 * take_days takes the days of a table from what the database has said.
 */
static bool
take_days(ExportRun *run, ExportTable *table, const ExportChanges *changes)
{
	table->days = calloc(changes->count + 1, sizeof(ExportDay));
	if (table->days == NULL)
		return fail_with(run->failure, "there is no memory for the days");
	for (size_t i = 0; i < changes->count; i++)
	{
		const ExportChange *change = &changes->changes[i];
		ExportDay *day = &table->days[table->day_count];

		if (strcmp(change->table, table->table.name) != 0)
			continue;
		memcpy(day->day, change->day, sizeof(day->day));
		day->rows = change->rows;
		if (change->fingerprint != NULL &&
			(table->fingerprint = strdup(change->fingerprint)) == NULL)
			return fail_with(run->failure, "there is no memory for the days");
		table->day_count++;
	}
	if (table->day_count > 0 || table->whole)
		run->changed = true;
	return true;
}

/*
 * take_all_days takes the days of all tables.
 */
static bool
take_all_days(ExportRun *run, const ExportChanges *some, const ExportChanges *all)
{
	for (size_t i = 0; i < run->table_count; i++)
		if (!take_days(run, &run->tables[i], run->tables[i].whole ? all : some))
			return false;
	return true;
}

/*
 * export_plan finds out what is to be written.
 */
bool
export_plan(ExportRun *run)
{
	ExportChanges some = {0};
	ExportChanges all = {0};
	bool any_whole = false;
	bool all_whole = true;
	bool done = true;

	for (size_t i = 0; i < run->table_count; i++)
	{
		if (!compare_schema(run, &run->tables[i]))
			return false;
		if (run->options->whole)
			run->tables[i].whole = true;
		any_whole = any_whole || run->tables[i].whole;
		all_whole = all_whole && run->tables[i].whole;
	}
	if (!all_whole)
		done = export_database_changes(&run->database, false, &some);
	if (done && any_whole)
		done = export_database_changes(&run->database, true, &all);
	done = done && export_database_notes(&run->database, &run->notes, &run->erases) &&
		   take_all_days(run, &some, &all);
	/* an erasure is carried out even if the star had nothing of the key any more */
	run->changed = run->changed || run->erases;
	export_changes_free(&some);
	export_changes_free(&all);
	return done;
}
