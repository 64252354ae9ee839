/*
 * cron.h
 *		pg_cron as what runs a schedule, where our own worker isn't there.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CRON_H
#define SESSIONIZE_CRON_H

#include "catalog/pipeline.h"

/* Is pg_cron installed in this database? */
extern bool cron_job_possible(void);

/*
 * Make the job that refreshes the pipeline, as its owner, every so many microseconds; returns the job's id.  An error
 * with a hint where cron knows no such interval or the owner may not use cron.
 */
extern int64 cron_job_make(const Pipeline *pipeline, int64 every);

/* Remove the pipeline's job, if it has one. */
extern void cron_job_remove(const Pipeline *pipeline);

/* The interval of the pipeline's schedule in microseconds, if it should have a job and has none; else 0. */
extern int64 cron_job_missing(const Pipeline *pipeline);

#endif /* SESSIONIZE_CRON_H */
