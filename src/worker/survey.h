/*
 * survey.h
 *		Copies the schedule of a database into the slots.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SURVEY_H
#define SESSIONIZE_SURVEY_H

#include "postgres.h"

/* The main function of the process. */
extern PGDLLEXPORT void sessionize_survey_main(Datum argument);

#endif /* SESSIONIZE_SURVEY_H */
