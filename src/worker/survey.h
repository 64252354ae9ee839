/*
 * survey.h
 *		Copies the schedule of a database into the slots.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SURVEY_H
#define SESSIONIZE_SURVEY_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

/* A pipeline that workers refresh. */
typedef struct ScheduleEntry
{
	int32 pipeline_id;
	NameData name;
	Oid owner;
	int64 every; /* in microseconds */
	bool on_commit;
	bool paused;
	int32 failures;
	TimestampTz retry_at; /* DT_NOBEGIN: now */
	bool has_work;
} ScheduleEntry;

/* The entries of this database's schedule, in CurrentMemoryContext; NIL without the extension. */
extern List *schedule_read(void);

/* Make the slots of a database equal to the entries. */
extern void schedule_publish(Oid database, List *entries);

/* The main function of the process. */
extern PGDLLEXPORT void sessionize_survey_main(Datum argument);

#endif /* SESSIONIZE_SURVEY_H */
