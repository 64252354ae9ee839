/*
 * schedule.h
 *		The schedules of pipelines.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SCHEDULE_H
#define SESSIONIZE_SCHEDULE_H

#include "catalog/pipeline.h"

/* Remove the pipeline's schedule; false if it has none. */
extern bool schedule_forget(const Pipeline *pipeline);

/* Have the schedule, if there is one, run as the pipeline's present owner. */
extern void schedule_hand_over(const Pipeline *pipeline);

/*
 * Have the schedule, if there is one, refresh nothing while the pipeline has no raw table; have it
 * go on, with what has failed forgotten.
 */
extern void schedule_suspend(const Pipeline *pipeline);
extern void schedule_continue(const Pipeline *pipeline);

#endif /* SESSIONIZE_SCHEDULE_H */
