/*
 * pass_limit.h
 *		A background process that makes no progress is stopped.
 *
 * Progress is a row read, compared or written, and a step committed: whoever does one of these
 * calls pass_progress().  So a pass may take hours as long as it goes on; one that does not is
 * cancelled (an expression or a trigger that does not end, a lock that somebody holds), and where
 * the cancel is caught by the code that does not end, the process is ended.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PASS_LIMIT_H
#define SESSIONIZE_PASS_LIMIT_H

#include "postgres.h"

#include "miscadmin.h"

extern volatile uint32 pass_limit_count; /* changes with each bit of progress */

/*
 * pass_progress says that something was done, and lets interrupts in.
 */
static inline void
pass_progress(void)
{
	pass_limit_count++;
	CHECK_FOR_INTERRUPTS();
}

/*
 * From here on the process is cancelled when it makes no progress for so many milliseconds; 0:
 * never.  Until pass_limit_end.
 */
extern void pass_limit_begin(int milliseconds);
extern void pass_limit_end(void);

/*
 * What goes on now takes its time without a sign of progress, and runs nobody's code: let it be
 * until the next pass_progress, but when it waits for a lock.
 */
extern void pass_limit_suspend(void);

/* It was cancelled for that; the work that was is undone, and other work may begin. */
extern bool pass_limit_is_over(void);
extern void pass_limit_again(void);

/* The process ends for that, since a cancel was not enough. */
extern bool pass_limit_is_fatal(void);

/*
 * Say so in the error, if it is the one of such a cancel; the message alone, of a limit, for who
 * has no error.
 */
extern void pass_limit_explain(ErrorData *error);
extern char *pass_limit_message(int milliseconds);

#endif /* SESSIONIZE_PASS_LIMIT_H */
