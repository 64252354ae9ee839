/*
 * throttle.c
 *		Work that rests for a part of the time.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "run/progress.h"
#include "run/throttle.h"

/*
 * throttle_begin starts the clock.
 */
void
throttle_begin(Throttle *throttle, double share)
{
	if (!(share > 0 && share <= 1))
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("throttle must be above 0 and at most 1"),
			 errdetail("It is the part of the time that is spent working."),
			 errhint("throttle => 0.25 works a quarter of the time and rests three quarters.")));
	throttle->share = share;
	throttle->worked_since = GetCurrentTimestamp();
}

/*
 * sleep_till sleeps until an instant.
 */
void
sleep_till(TimestampTz instant, SzWaitEvent event)
{
	for (;;)
	{
		long milliseconds;

		CHECK_FOR_INTERRUPTS();
		milliseconds = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), instant);
		if (milliseconds <= 0)
			return;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, milliseconds,
						 sz_wait_event(event));
		ResetLatch(MyLatch);
	}
}

/*
 * throttle_rest sleeps.
 */
void
throttle_rest(Throttle *throttle)
{
	TimestampTz now = GetCurrentTimestamp();
	double rest;

	if (throttle->share >= 1)
		return;
	rest = (double) Max(now - throttle->worked_since, 0) * (1 / throttle->share - 1);
	progress_state(STATE_RESTING);
	sleep_till(now + (TimestampTz) Min(rest, (double) USECS_PER_DAY), SZ_WAIT_THROTTLE);
	progress_state(STATE_WORKING);
	throttle->worked_since = GetCurrentTimestamp();
}
