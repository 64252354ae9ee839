/*
 * cron.c
 *		Runs schedules by pg_cron, if the extension is not preloaded and so has no workers.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "catalog/extension_sql.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "compat.h"
#include "spi/scope.h"
#include "spi/statement.h"
#include "worker/cron.h"

/*
 * cron_job_possible tells whether pg_cron is installed in this database.
 */
bool
cron_job_possible(void)
{
	return OidIsValid(get_extension_oid("pg_cron", true)) &&
		   OidIsValid(get_namespace_oid("cron", true));
}

/*
 * cron_expression returns a cron expression for an interval in microseconds.
 *
 * cron fires at minutes of the hour, hours of the day and so on, so only intervals that divide
 * these are possible.  Intervals of less than a minute are done by a job that starts each minute
 * and goes on until the next one.  Every version of pg_cron can do that, and it takes one
 * connection a minute rather than one for each pass.
 */
static const char *
cron_expression(int64 every)
{
	int64 minutes = every / USECS_PER_MINUTE;

	if (every < USECS_PER_MINUTE)
		return "* * * * *";
	if (every % USECS_PER_MINUTE == 0)
	{
		if (minutes < 60 && 60 % minutes == 0)
			return psprintf("*/" INT64_FORMAT " * * * *", minutes);
		if (minutes % 60 == 0 && minutes < 24 * 60 && 24 % (minutes / 60) == 0)
			return psprintf("0 */" INT64_FORMAT " * * *", minutes / 60);
		if (minutes == 24 * 60)
			return "0 0 * * *";
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("pg_cron can't do this interval"),
			 errhint("Give less than a minute, a number of minutes that divides an hour, or a "
					 "number of hours that "
					 "divides a day.")));
}

/*
 * interval_text returns an interval in microseconds as SQL reads it.
 */
static const char *
interval_text(int64 usecs)
{
	if (usecs % USECS_PER_SEC == 0)
		return psprintf(INT64_FORMAT " seconds", usecs / USECS_PER_SEC);
	return psprintf(INT64_FORMAT " microseconds", usecs);
}

/*
 * check_owner_may reports a pipeline whose owner may not use pg_cron.
 */
static void
check_owner_may(const Pipeline *pipeline)
{
	const char *owner = quote_identifier(GetUserNameFromId(pipeline->owner, false));

	if (sz_schema_aclcheck(get_namespace_oid("cron", false), pipeline->owner, ACL_USAGE) !=
		ACLCHECK_OK)
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("permission denied for schema cron"),
						errdetail("The job runs as the pipeline's owner, %s.", owner),
						errhint("GRANT USAGE ON SCHEMA cron TO %s;", owner)));
}

/*
 * cron_job_make creates the pipeline's job.
 */
int64
cron_job_make(const Pipeline *pipeline, int64 every)
{
	char *command = psprintf("CALL sessionize.refresh(%s)", quote_literal_cstr(pipeline->name));
	SqlValue expression;
	OwnerScope scope;
	int64 job = 0;

	check_owner_may(pipeline);
	if (every < USECS_PER_MINUTE)
		command = psprintf("CALL sessionize.refresh(%s, every => '%s')",
						   quote_literal_cstr(pipeline->name), interval_text(every));
	expression = SQL_TEXT(cron_expression(every));
	owner_scope_enter(&scope, pipeline);
	(void) sql_bigints("SELECT cron.schedule($1, $2, $3)", SQL_READ_WRITE,
					   SQL_VALUES(SQL_TEXT(psprintf("sessionize %s", pipeline->name)), expression,
								  SQL_TEXT(command)),
					   &job, 1);
	owner_scope_leave(&scope);
	return job;
}

/*
 * cron_job_remove removes the pipeline's job, if it has one.
 */
void
cron_job_remove(const Pipeline *pipeline)
{
	if (cron_job_possible())
		extension_run(
			"SELECT cron.unschedule(j.jobid) FROM cron.job AS j JOIN sessionize.schedule AS s "
			"ON s.cron_job = j.jobid WHERE s.pipeline_id = $1",
			SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline->id)));
}

/*
 * cron_job_missing looks for a schedule by pg_cron that has no job and is not paused.
 */
int64
cron_job_missing(const Pipeline *pipeline)
{
	int64 every = 0;

	(void) extension_bigints(
		"SELECT (extract(epoch FROM s.every) * 1000000)::bigint FROM sessionize.schedule AS s "
		"WHERE s.pipeline_id = $1 AND s.via = 'pg_cron' AND s.cron_job IS NULL AND NOT s.paused",
		SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline->id)), &every, 1);
	return every;
}
