/*
 * session_cause.h
 *		How the columns started_by and ended_by name the rules by which sessions start.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SESSION_CAUSE_H
#define SESSIONIZE_SESSION_CAUSE_H

#include "postgres.h"

#include "core/fold.h"

/* The name of a cause; NULL for SZ_NO_START and SZ_FIRST_EVENT, by which no session ends. */
extern const char *session_cause_name(SzCause cause);

/* The cause of a name, as a text; SZ_CAUSES if no cause has the name. */
extern SzCause session_cause_of_text(Datum name);

#endif /* SESSIONIZE_SESSION_CAUSE_H */
