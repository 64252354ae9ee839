/*
 * schedule.c
 *		The functions schedule, unschedule, pause and resume.
 *
 * A schedule is a row of sessionize.schedule.  A trigger of the table has the launcher read the
 * table again, so a schedule that was restored from a dump counts like one made by schedule().
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "catalog/extension_sql.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_function.h"
#include "spi/statement.h"
#include "utils/arguments.h"
#include "wakeup/notify.h"
#include "wakeup/shared.h"
#include "worker/cron.h"
#include "worker/schedule.h"

/* The shortest and the longest time between passes, in microseconds. */
#define MIN_EVERY (10 * INT64CONST(1000))
#define MAX_EVERY (7 * USECS_PER_DAY)

PG_FUNCTION_INFO_V1(sessionize_schedule_changed);

/*
 * execute runs a statement whose only parameter is the pipeline's id, and returns how many rows it
 * has processed.
 */
static uint64
execute(const char *sql, const Pipeline *pipeline)
{
	return extension_run(sql, SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline->id)));
}

/*
 * check_every returns the time between passes in microseconds, and reports one that is out of
 * range.
 */
static int64
check_every(const Interval *every)
{
	uint64 usecs = sz_interval_usecs(every, "every");

	if (usecs < MIN_EVERY || usecs > MAX_EVERY)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("every must be between 10 milliseconds and 7 days"),
						errhint("Such as every => '1 second'.")));
	return (int64) usecs;
}

/*
 * report_nobody reports that neither workers nor pg_cron can run the schedule.
 */
static void
report_nobody(void)
{
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("nothing here can refresh a pipeline on a schedule"),
					errdetail("pg_sessionize is not in shared_preload_libraries, and pg_cron is "
							  "not installed in this "
							  "database."),
					errhint("Either add pg_sessionize to shared_preload_libraries in "
							"postgresql.conf and restart, or "
							"CREATE EXTENSION pg_cron here; or have any scheduler run CALL "
							"sessionize.refresh().")));
}

/*
 * schedule_forget removes the pipeline's schedule and its job.
 */
bool
schedule_forget(const Pipeline *pipeline)
{
	cron_job_remove(pipeline);
	return execute("DELETE FROM sessionize.schedule WHERE pipeline_id = $1", pipeline) > 0;
}

/*
 * make_missing_job creates the pg_cron job of a schedule that should have one and has none.
 */
static void
make_missing_job(const Pipeline *pipeline)
{
	int64 every = pipeline->is_detached ? 0 : cron_job_missing(pipeline);

	if (every != 0)
		extension_run("UPDATE sessionize.schedule SET cron_job = $2 WHERE pipeline_id = $1",
					  SQL_READ_WRITE,
					  SQL_VALUES(SQL_INT4(pipeline->id), SQL_INT8(cron_job_make(pipeline, every))));
}

/*
 * schedule_suspend has a schedule refresh nothing for a while.
 */
void
schedule_suspend(const Pipeline *pipeline)
{
	cron_job_remove(pipeline);
	(void) execute("UPDATE sessionize.schedule SET cron_job = NULL WHERE pipeline_id = $1",
				   pipeline);
}

/*
 * schedule_continue has a schedule go on.
 */
void
schedule_continue(const Pipeline *pipeline)
{
	(void) execute("DELETE FROM sessionize.schedule_failure WHERE pipeline_id = $1", pipeline);
	/* the launcher reads the schedule anew, since a statement has been about the table */
	(void) execute("UPDATE sessionize.schedule SET paused = paused WHERE pipeline_id = $1",
				   pipeline);
	make_missing_job(pipeline);
}

/*
 * schedule_hand_over has the schedule run as the pipeline's present owner.  A job of pg_cron is
 * made anew.  The launcher learns of the owner by the trigger of the table.
 */
void
schedule_hand_over(const Pipeline *pipeline)
{
	cron_job_remove(pipeline);
	if (execute("UPDATE sessionize.schedule SET cron_job = NULL WHERE pipeline_id = $1", pipeline) >
		0)
		make_missing_job(pipeline);
}

/*
 * sessionize_schedule schedules a pipeline, and returns "worker" or "pg_cron".
 */
PIPELINE_FUNCTION(sessionize_schedule)
{
	Pipeline *pipeline =
		pipeline_load_for_change(argument_pipeline(fcinfo), "sessionize.schedule()");
	const Interval *every = PG_ARGISNULL(1) ? NULL : PG_GETARG_INTERVAL_P(1);
	int64 usecs = check_every(every);
	bool on_commit = PG_ARGISNULL(2) || PG_GETARG_BOOL(2);
	const char *via = worker_shared != NULL ? "worker" : "pg_cron";
	SqlValue job = SQL_NULL(INT8OID);

	if (worker_shared == NULL && !cron_job_possible())
		report_nobody();
	cron_job_remove(pipeline);
	if (worker_shared == NULL && !pipeline->is_detached)
		job = SQL_INT8(cron_job_make(pipeline, usecs));
	extension_run(
		"INSERT INTO sessionize.schedule AS s (pipeline_id, every, on_commit, via, cron_job) "
		"SELECT p.pipeline_id, $2, $3, $4, $5 FROM sessionize.pipeline AS p WHERE p.pipeline_id = "
		"$1 FOR KEY SHARE "
		"ON CONFLICT (pipeline_id) DO UPDATE SET every = excluded.every, "
		"on_commit = excluded.on_commit, paused = false, via = excluded.via, "
		"cron_job = excluded.cron_job, scheduled_at = excluded.scheduled_at",
		SQL_READ_WRITE,
		SQL_VALUES(SQL_INT4(pipeline->id), SQL_INTERVAL(every), SQL_BOOL(on_commit), SQL_TEXT(via),
				   job));
	PG_RETURN_TEXT_P(cstring_to_text(via));
}

/*
 * report_not_scheduled reports a pipeline that has no schedule.
 */
static void
report_not_scheduled(const Pipeline *pipeline)
{
	ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
					errmsg("pipeline \"%s\" is not scheduled", pipeline->name),
					errhint("SELECT sessionize.schedule(%s); schedules it.",
							quote_literal_cstr(pipeline->name))));
}

/*
 * sessionize_unschedule ends a pipeline's schedule.
 */
PIPELINE_FUNCTION(sessionize_unschedule)
{
	Pipeline *pipeline =
		pipeline_load_for_change(argument_pipeline(fcinfo), "sessionize.unschedule()");

	if (!schedule_forget(pipeline))
		report_not_scheduled(pipeline);
	PG_RETURN_VOID();
}

/*
 * sessionize_pause keeps a pipeline's schedule but stops its refreshes until resume().
 */
PIPELINE_FUNCTION(sessionize_pause)
{
	Pipeline *pipeline = pipeline_load_for_change(argument_pipeline(fcinfo), "sessionize.pause()");

	cron_job_remove(pipeline);
	if (execute(
			"UPDATE sessionize.schedule SET paused = true, cron_job = NULL WHERE pipeline_id = $1",
			pipeline) == 0)
		report_not_scheduled(pipeline);
	PG_RETURN_VOID();
}

/*
 * sessionize_resume ends a pause, and also the wait after failures.
 */
PIPELINE_FUNCTION(sessionize_resume)
{
	Pipeline *pipeline = pipeline_load_for_change(argument_pipeline(fcinfo), "sessionize.resume()");

	if (execute("UPDATE sessionize.schedule SET paused = false WHERE pipeline_id = $1", pipeline) ==
		0)
		report_not_scheduled(pipeline);
	(void) execute("DELETE FROM sessionize.schedule_failure WHERE pipeline_id = $1", pipeline);
	make_missing_job(pipeline);
	PG_RETURN_VOID();
}

/*
 * sessionize_schedule_changed is the trigger of sessionize.schedule.
 */
Datum
sessionize_schedule_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(
			ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("function sessionize.schedule_changed() is the trigger of sessionize.schedule"),
			 errhint("SELECT sessionize.schedule(...) changes the schedule.")));
	survey_at_commit();
	PG_RETURN_POINTER(NULL);
}
