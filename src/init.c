/*
 * init.c
 *		What happens when the library is loaded.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"

#include "capture/capture_source.h"
#include "capture/reject_gate.h"
#include "capture/pending_keys.h"
#include "counters/counters.h"
#include "counters/shared_counters.h"
#include "dirty/dirty_mark.h"
#include "distributed/distributed_call.h"
#include "functions/by_shard.h"
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

static shmem_request_hook_type previous_request_hook;
static shmem_startup_hook_type previous_startup_hook;

/*
 * request_memory is the hook that requests shared memory.
 */
static void
request_memory(void)
{
	if (previous_request_hook != NULL)
		previous_request_hook();
	dirty_mark_request();
	worker_shared_request();
	counters_request();
}

/*
 * attach_memory is the hook that initializes the shared memory, or attaches to it.
 */
static void
attach_memory(void)
{
	if (previous_startup_hook != NULL)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	dirty_mark_attach();
	worker_shared_attach();
	counters_attach();
	LWLockRelease(AddinShmemInitLock);
}

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
	by_shard_install();
	capture_source_install();
	reject_gate_install();
	pending_keys_install();
	notify_install();
	counters_install();
	distributed_call_install();
	if (process_shared_preload_libraries_in_progress)
	{
		previous_request_hook = shmem_request_hook;
		shmem_request_hook = request_memory;
		previous_startup_hook = shmem_startup_hook;
		shmem_startup_hook = attach_memory;
		launcher_install();
		hold_install();
	}
}
