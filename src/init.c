/*
 * init.c
 *		What happens when the library is loaded.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "capture/capture_source.h"
#include "capture/pending_keys.h"
#include "dirty/dirty_mark.h"
#include "functions/session_group_path.h"
#include "functions/session_table.h"
#include "functions/session_table_plan.h"
#include "guc.h"
#include "wakeup/notify.h"
#include "wakeup/shared.h"
#include "worker/hold.h"
#include "worker/launcher.h"

PG_MODULE_MAGIC;

extern void _PG_init(void);

/*
 * _PG_init defines the settings and installs the hooks.  In the postmaster it also requests shared
 * memory and registers the launcher.
 */
void
_PG_init(void)
{
	sz_define_settings();
	session_table_install();
	session_group_install();
	capture_source_install();
	pending_keys_install();
	notify_install();
	if (process_shared_preload_libraries_in_progress)
	{
		dirty_mark_install();
		worker_shared_install();
		launcher_install();
		hold_install();
	}
}
