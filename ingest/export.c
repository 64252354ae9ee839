/*
 * export.c
 *		The command "export".
 *
 * The order of the steps makes a crash between any two of them harmless: the database is told what is
 * intended before a log says it, and forgets what has changed after all logs say it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export.h"
#include "log.h"

#ifdef WITH_EXPORT

#include "export_folder.h"
#include "export_run.h"

static atomic_bool stop;

#ifdef PAUSE_POINTS
/*
 * export_point sends the program a signal at the step that the environment names.
 */
void
export_point(const char *name)
{
	const char *point = getenv("PG_SESSIONIZE_EXPORT_POINT");
	size_t length = strlen(name);

	if (point != NULL && strncmp(point, name, length) == 0 && point[length] == ' ')
		(void) kill(getpid(), atoi(point + length + 1));
}
#endif

/*
 * end_soon has the export end at the next opportunity.
 */
static void
end_soon(int number)
{
	(void) number;
	atomic_store(&stop, true);
}

/*
 * check_name refuses a table's name that can't be a folder's, or that readers would not see.
 */
static bool
check_name(const ExportRun *run, const char *name)
{
	if (*name != '\0' && *name != '.' && *name != '_' && strchr(name, '/') == NULL &&
		strlen(name) < LAKE_NAME_SIZE / 4)
		return true;
	return fail_with(run->failure, "a table can't be called \"%s\" in a lake", name);
}

/*
 * open_tables asks for the tables, and reads their logs.
 */
static bool
open_tables(ExportRun *run)
{
	LakeTable *tables;
	size_t count;
	bool done = export_database_tables(&run->database, &tables, &count);

	run->tables = calloc(count + 1, sizeof(ExportTable));
	if (run->tables == NULL)
		done = fail_with(run->failure, "there is no memory for the tables");
	for (size_t i = 0; i < count; i++)
	{
		if (run->tables == NULL)
			lake_table_free(&tables[i]);
		else
			run->tables[run->table_count++].table = tables[i];
	}
	free(tables);
	for (size_t i = 0; done && i < count; i++)
		done = check_name(run, run->tables[i].table.name) &&
			   delta_log_open(&run->tables[i].log, run->storage, &run->session,
							  run->tables[i].table.name, run->failure);
	return done;
}

/*
 * close_tables frees the tables.
 */
static void
close_tables(ExportRun *run)
{
	for (size_t i = 0; i < run->table_count; i++)
	{
		ExportTable *table = &run->tables[i];

		lake_table_free(&table->table);
		delta_log_free(&table->log);
		json_decref(table->schema);
		json_decref(table->adds);
		json_decref(table->files);
		free(table->days);
		free(table->fingerprint);
	}
	free(run->tables);
	run->tables = NULL;
	run->table_count = 0;
}

/*
 * settle settles what an earlier export has left open.  If that has changed what the database knows,
 * a new snapshot is taken, which shows it.
 */
static bool
settle(ExportRun *run)
{
	if (!export_settle(run))
		return false;
	if (!run->settled)
		return true;
	close_tables(run);
	return export_database_snapshot(&run->database) && open_tables(run);
}

/*
 * open_run opens everything: the database, the lake and what is to be written there.
 */
static bool
open_run(ExportRun *run, const ExportFolder *folder)
{
	const Options *options = run->options;
	DuckdbSettings settings = {.library = options->duckdb,
							   .folder = folder->path,
							   .memory = options->export_memory,
							   .threads = options->export_threads};
	LakeSettings lake = {.stop = run->stop,
						 .s3_style = options->s3_style,
						 .s3_timeout = options->s3_timeout,
						 .s3_retry = options->s3_retry};

	return duckdb_session_open(&run->session, &settings, run->failure) &&
		   export_database_open(&run->database, options->database) &&
		   (run->storage = lake_open(run->database.location, &lake, run->failure)) != NULL &&
		   export_database_snapshot(&run->database) && open_tables(run);
}

/*
 * finish tells the database that all is in the lake, and that what was erased is no longer there.
 */
static bool
finish(ExportRun *run)
{
	char *summary = export_summary(run);
	bool done = summary != NULL ? (!run->erases || export_vacuum(run)) &&
									  export_database_finish(&run->database, run->token, summary)
								: fail_with(run->failure, "there is no memory for the export");

	free(summary);
	export_point("finished");
	return done;
}

/*
 * intend tells the database what may be in the lake from now on.
 */
static bool
intend(ExportRun *run)
{
	bool done = export_database_intend(&run->database, run->token, run->notes);

	export_point("intended");
	return done;
}

/*
 * write_files puts the files into the lake, which no log names yet.
 */
static bool
write_files(ExportRun *run)
{
	bool done = export_write(run);

	export_point("written");
	return done;
}

/*
 * list_files tells readers that do not know the logs.
 */
static bool
list_files(ExportRun *run)
{
	bool done = export_list_files(run);

	export_point("listed");
	return done;
}

/*
 * export_changed writes what has changed.
 */
static bool
export_changed(ExportRun *run)
{
	if (!export_plan(run))
		return false;
	export_point("planned");
	if (!run->changed)
	{
		log_info("nothing has changed since the last export");
		return !run->settled || list_files(run);
	}
	return intend(run) && write_files(run) && export_commit(run) && list_files(run) && finish(run);
}

/*
 * close_run closes everything.
 */
static void
close_run(ExportRun *run)
{
	close_tables(run);
	free(run->notes);
	if (run->storage != NULL)
		run->storage->close(run->storage);
	export_database_close(&run->database);
	if (run->session.library != NULL)
		duckdb_session_close(&run->session);
}

/*
 * run_export makes an export in a folder.
 */
static bool
run_export(ExportRun *run, const ExportFolder *folder)
{
	bool done = open_run(run, folder) && (*run->options->find_key != '\0'
											  ? export_find(run)
											  : settle(run) && export_changed(run) &&
													export_checkpoint(run) && export_vacuum(run));

	if (!done)
		log_error("%s", run->failure->text);
	if (!done && *run->options->find_key == '\0')
	{
		export_unwrite(run);
		export_database_fail(&run->database, run->failure->text);
	}
	return done;
}

/*
 * export_run is the command export.
 */
int
export_run(const Options *options)
{
	struct sigaction action = {.sa_handler = end_soon};
	Failure failure = {0};
	ExportFolder folder;
	ExportRun run = {
		.options = options,
		.stop = &stop,
		.failure = &failure,
		.database = {.pipeline = options->pipeline,
					 .name = options->export_name,
					 .stop = &stop,
					 .failure = &failure},
	};
	bool done = false;

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	if (!export_folder_make(&folder, options->temporary, &failure))
		log_error("%s", failure.text);
	else
		done = run_export(&run, &folder);
	close_run(&run);
	export_folder_remove(&folder);
	return done ? 0 : 1;
}

#else

/*
 * export_run can't be done without the library.
 */
int
export_run(const Options *options)
{
	(void) options;
	log_error("export: this program was built without jansson; install libjansson-dev and build it "
			  "anew");
	return 2;
}

#endif
