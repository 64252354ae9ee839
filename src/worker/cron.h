/*
 * cron.h
 *		Runs schedules by pg_cron, if the extension is not preloaded and so has no workers.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CRON_H
#define SESSIONIZE_CRON_H

#include "catalog/pipeline.h"

/* Whether pg_cron is installed in this database. */
extern bool cron_job_possible(void);

/*
 * Create the job that refreshes the pipeline, as its owner, every so many microseconds, and return
 * the job's id.  Reports an interval that pg_cron can't do, and an owner who may not use pg_cron.
 */
extern int64 cron_job_make(const Pipeline *pipeline, int64 every);

/* Remove the pipeline's job, if it has one. */
extern void cron_job_remove(const Pipeline *pipeline);

/*
 * The interval in microseconds of a schedule by pg_cron that has no job and should have one; 0:
 * none.
 */
extern int64 cron_job_missing(const Pipeline *pipeline);

#endif /* SESSIONIZE_CRON_H */
