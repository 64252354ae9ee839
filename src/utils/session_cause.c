/*
 * session_cause.c
 *		How the columns started_by and ended_by name the rules by which sessions start.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"

#include "compat.h"
#include "utils/session_cause.h"

static const char *const names[SZ_CAUSES] = {
	[SZ_AFTER_GAP] = "gap",
	[SZ_AFTER_MAX_DURATION] = "max_duration",
	[SZ_AFTER_MAX_EVENTS] = "max_events",
	[SZ_AT_RESTART] = "restart",
	[SZ_AT_CHANGE] = "change",
	[SZ_AT_MIDNIGHT] = "midnight",
};

/*
 * session_cause_name returns the name of a cause.
 */
const char *
session_cause_name(SzCause cause)
{
	return names[cause];
}

/*
 * session_cause_of_text returns the cause of a name.
 */
SzCause
session_cause_of_text(Datum name)
{
	const text *given = DatumGetTextPP(name);
	size_t length = VARSIZE_ANY_EXHDR(given);

	for (SzCause cause = SZ_NO_START; cause < SZ_CAUSES; cause++)
		if (names[cause] != NULL && strlen(names[cause]) == length &&
			memcmp(names[cause], VARDATA_ANY(given), length) == 0)
			return cause;
	return SZ_CAUSES;
}
