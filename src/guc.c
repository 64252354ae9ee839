/*
 * guc.c
 *		The extension's settings.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include <limits.h>

#include "utils/guc.h"

#include "guc.h"

#define DEFAULT_MAX_GROUP_EVENTS   10000000
#define DEFAULT_LARGE_KEY_ROWS     100000
#define DEFAULT_REBUILD_PIECE_ROWS 100000
#define DEFAULT_PASS_TIMEOUT       600000
#define LEAST_MAX_GROUP_EVENTS     100
#define MOST_MAX_GROUP_EVENTS      1000000000

bool sz_enable_group_scan = true;
int sz_max_group_events = DEFAULT_MAX_GROUP_EVENTS;
int sz_large_key_rows = DEFAULT_LARGE_KEY_ROWS;
int sz_rebuild_piece_rows = DEFAULT_REBUILD_PIECE_ROWS;
bool sz_fuse = true;
int sessionize_max_workers = 4;
int sessionize_min_interval = 10;
int sessionize_idle_timeout = 10000;
int sessionize_pass_timeout = DEFAULT_PASS_TIMEOUT;

/*
 * sz_define_settings defines the settings.
 */
void
sz_define_settings(void)
{
	DefineCustomBoolVariable(
		"sessionize.enable_group_scan",
		"Lets the planner group by a hash of the extension's own where session_count "
		"and session_agg, funnel and funnel_times, or retention are all that is wanted.",
		"Off leaves the grouping to the server. The results are the same.", &sz_enable_group_scan,
		true, PGC_USERSET, GUC_EXPLAIN, NULL, NULL, NULL);
	DefineCustomIntVariable(
		"sessionize.max_group_events",
		"How many events of one group funnels, sequences and the like may keep in memory.",
		"An event takes 16 bytes. Events that satisfy no step count only where they matter.",
		&sz_max_group_events, DEFAULT_MAX_GROUP_EVENTS, LEAST_MAX_GROUP_EVENTS,
		MOST_MAX_GROUP_EVENTS, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("sessionize.large_key_rows",
							"A session key whose refresh reads more raw rows than this is "
							"refreshed apart from the others.",
							"So that others don't wait for it. 0 treats all keys alike.",
							&sz_large_key_rows, DEFAULT_LARGE_KEY_ROWS, 0, INT_MAX, PGC_USERSET, 0,
							NULL, NULL, NULL);
	DefineCustomIntVariable("sessionize.rebuild_piece_rows",
							"About how many raw rows a rebuild that does the newest keys first "
							"does in one transaction.",
							"Refreshes wait for that long. A key is never divided.",
							&sz_rebuild_piece_rows, DEFAULT_REBUILD_PIECE_ROWS, 1, INT_MAX,
							PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("sessionize.fuse",
							 "Counts the raw rows that are updated and deleted, for the fuse.",
							 "Off announces that a mass change is meant.", &sz_fuse, true,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("sessionize.max_workers",
							"How many background workers refresh pipelines at the same time.",
							"They come out of max_worker_processes. 0 stops scheduled refreshes.",
							&sessionize_max_workers, 4, 0, 256, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable(
		"sessionize.min_interval",
		"The least time between the starts of two scheduled refreshes of a pipeline.",
		"Commits that come in faster share a refresh.", &sessionize_min_interval, 10, 0, 60000,
		PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("sessionize.idle_timeout",
							"How long a background worker with nothing to do stays connected.",
							"A commit that changes raw rows brings it back.",
							&sessionize_idle_timeout, 10000, 100, 86400000, PGC_SIGHUP, GUC_UNIT_MS,
							NULL, NULL, NULL);
	DefineCustomIntVariable(
		"sessionize.pass_timeout", "How long a scheduled refresh may go on without any progress.",
		"Without a row read or written, and without a commit: then it is cancelled, which "
		"counts as a failure. 0: for ever.",
		&sessionize_pass_timeout, DEFAULT_PASS_TIMEOUT, 0, INT_MAX, PGC_SIGHUP, GUC_UNIT_MS, NULL,
		NULL, NULL);
	MarkGUCPrefixReserved("sessionize");
}
