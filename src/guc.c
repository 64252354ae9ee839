/*
 * guc.c
 *		The extension's settings.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/guc.h"

#include "guc.h"

bool sz_enable_group_scan = true;

/*
 * sz_define_settings defines the settings.
 */
void
sz_define_settings(void)
{
	DefineCustomBoolVariable("sessionize.enable_group_scan",
							 "Lets the planner group by a hash of the extension's own where session_count "
							 "and session_agg are all that is wanted.",
							 "Off leaves the grouping to the server. The results are the same.",
							 &sz_enable_group_scan, true, PGC_USERSET, GUC_EXPLAIN, NULL, NULL, NULL);
}
