/*
 * pass_limit.h
 *		Stopping a background process that makes no progress.
 *
 * Progress is a row that was read, compared or written, or a step that was committed. The code that
 * does this calls pass_progress(). So a pass may take hours as long as there is progress. A pass
 * without progress (an expression or a trigger that does not end, a lock that another session
 * holds) is cancelled; if the code that does not end catches the cancel, the process is ended.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PASS_LIMIT_H
#define SESSIONIZE_PASS_LIMIT_H

#include "postgres.h"

#include "miscadmin.h"

extern volatile uint32 pass_limit_count; /* changes with each sign of progress */

/*
 * pass_progress notes progress, and checks for interrupts.
 */
static inline void
pass_progress(void)
{
	pass_limit_count++;
	CHECK_FOR_INTERRUPTS();
}

/*
 * From now on, until pass_limit_end, cancel the process if it makes no progress for so many
 * milliseconds (0: never).
 */
extern void pass_limit_begin(int milliseconds);
extern void pass_limit_end(void);

/*
 * The work that follows takes long without a sign of progress, and runs no code of users. Until the
 * next pass_progress, count only the time that it waits for locks.
 */
extern void pass_limit_suspend(void);

/*
 * Whether the process was cancelled for lack of progress. After pass_limit_again other work may
 * begin.
 */
extern bool pass_limit_is_over(void);
extern void pass_limit_again(void);

/* Whether the process is being ended for lack of progress, since a cancel was not enough. */
extern bool pass_limit_is_fatal(void);

/*
 * Replace the error's message and hint if the error is a cancel for lack of progress; the message
 * for a given limit.
 */
extern void pass_limit_explain(ErrorData *error);
extern char *pass_limit_message(int milliseconds);

#endif /* SESSIONIZE_PASS_LIMIT_H */
