/*
 * pass_limit.c
 *		Stopping a background process that makes no progress.
 *
 * A timer fires every tenth of the limit, and checks whether there was progress since it last
 * fired.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "storage/latch.h"
#include "storage/proc.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "utils/pass_limit.h"

/* In milliseconds. */
#define SECOND 1000
#define MINUTE (60 * SECOND)

/*
 * After TICKS ticks without progress the process is cancelled. If this is not enough, the process
 * is ended TICKS_TO_DIE ticks, but at least TIME_TO_DIE, later.
 */
#define TICKS        10
#define TICKS_TO_DIE 2
#define TIME_TO_DIE  (5 * SECOND)

volatile uint32 pass_limit_count = 0;

/* The state of the timer's handler. */
static volatile uint32 count_seen;
static volatile int quiet_ticks;
static volatile bool suspended;
static volatile sig_atomic_t is_over = false;
static volatile sig_atomic_t is_fatal = false;

static int limit;        /* in milliseconds */
static int ticks_to_die; /* ticks without progress until the process is ended */

/*
 * tick is the timer's handler, which runs in a signal handler.
 */
static void
tick(void)
{
	if (pass_limit_count != count_seen)
	{
		count_seen = pass_limit_count;
		suspended = false;
		is_over = false;
		quiet_ticks = 0;
	}
	else if (suspended && MyProc->waitLock == NULL)
		quiet_ticks = 0;
	else
		quiet_ticks++;
	if (quiet_ticks == TICKS)
	{
		is_over = true;
		QueryCancelPending = true;
	}
	else if (quiet_ticks >= ticks_to_die)
	{
		is_fatal = true;
		ProcDiePending = true;
	}
	else
		return;
	InterruptPending = true;
	SetLatch(MyLatch);
}

/*
 * timer returns the timer's id, and registers the timer at the first call.
 */
static TimeoutId
timer(void)
{
	static bool registered = false;
	static TimeoutId id;

	if (!registered)
		id = RegisterTimeout(USER_TIMEOUT, tick);
	registered = true;
	return id;
}

/*
 * pass_limit_begin begins to watch the process's progress.
 */
void
pass_limit_begin(int milliseconds)
{
	int interval = Max(milliseconds / TICKS, 1);

	limit = milliseconds;
	count_seen = pass_limit_count;
	quiet_ticks = 0;
	ticks_to_die = TICKS + Max(TICKS_TO_DIE, TIME_TO_DIE / interval);
	suspended = false;
	is_over = false;
	if (milliseconds > 0)
		enable_timeout_every(timer(), TimestampTzPlusMilliseconds(GetCurrentTimestamp(), interval),
							 interval);
}

/*
 * pass_limit_end ceases to watch the process's progress.
 */
void
pass_limit_end(void)
{
	if (limit > 0)
		disable_timeout(timer(), false);
	is_over = false;
}

/*
 * pass_limit_suspend stops the time until the next sign of progress.
 */
void
pass_limit_suspend(void)
{
	count_seen = pass_limit_count;
	suspended = true;
}

/*
 * pass_limit_is_over tells whether the process was cancelled for lack of progress.
 */
bool
pass_limit_is_over(void)
{
	return is_over;
}

/*
 * pass_limit_again has the time without progress counted from now on.
 */
void
pass_limit_again(void)
{
	pass_limit_count++;
	is_over = false;
}

/*
 * pass_limit_is_fatal tells whether the process is being ended for lack of progress.
 */
bool
pass_limit_is_fatal(void)
{
	return is_fatal;
}

/*
 * pass_limit_message returns a message that says what has happened, and what to look for.
 */
char *
pass_limit_message(int milliseconds)
{
	bool minutes = milliseconds % MINUTE == 0;
	bool seconds = milliseconds % SECOND == 0;

	return psprintf("cancelled after %d %s without progress (sessionize.pass_timeout): look for an "
					"expression, a trigger or a lock that does not end",
					milliseconds / (minutes   ? MINUTE
									: seconds ? SECOND
											  : 1),
					minutes   ? "min"
					: seconds ? "s"
							  : "ms");
}

/*
 * pass_limit_explain replaces an error's message if the error is due to this limit.
 */
void
pass_limit_explain(ErrorData *error)
{
	if (!is_over || error->sqlerrcode != ERRCODE_QUERY_CANCELED)
		return;
	error->message = pass_limit_message(limit);
	error->hint = pstrdup("When it is mended, SELECT sessionize.resume('name') tries again at "
						  "once. Where a single row takes "
						  "longer, raise sessionize.pass_timeout.");
}
