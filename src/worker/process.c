/*
 * process.c
 *		What the extension's background processes have in common.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "worker/process.h"

/*
 * The settings of every process, whatever the configuration, the database or a role says: a pass
 * needs READ COMMITTED, writes, may take long, and fires the same triggers as any session.
 */
static const struct
{
	const char *name;
	const char *value;
} worker_settings[] = {
	{"default_transaction_isolation", "read committed"},
	{"default_transaction_read_only", "off"},
	{"default_transaction_deferrable", "off"},
	{"statement_timeout", "0"},
	{"idle_in_transaction_session_timeout", "0"},
	{"session_replication_role", "origin"},
	{"search_path", "pg_catalog, pg_temp"},
	{"client_min_messages", "error"},
};

/*
 * worker_process_begin sets up the signal handlers.
 */
void
worker_process_begin(void)
{
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
}

/*
 * worker_process_connect connects to a database.
 */
void
worker_process_connect(Oid database)
{
	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
	for (size_t i = 0; i < lengthof(worker_settings); i++)
		SetConfigOption(worker_settings[i].name, worker_settings[i].value, PGC_SUSET,
						PGC_S_OVERRIDE);
}

/*
 * worker_process_interrupts handles SIGTERM, interrupts and SIGHUP.
 */
void
worker_process_interrupts(void)
{
	/* ends without a FATAL error in the log, since no work is interrupted */
	if (ProcDiePending)
		proc_exit(1);
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
}

/*
 * worker_process_sleep waits for the latch, or until an instant.
 */
void
worker_process_sleep(TimestampTz until, SzWaitEvent event)
{
	int events = WL_LATCH_SET | WL_EXIT_ON_PM_DEATH;
	long timeout = -1;

	if (until != DT_NOEND)
	{
		timeout = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), until);
		events |= WL_TIMEOUT;
	}
	(void) WaitLatch(MyLatch, events, timeout, sz_wait_event(event));
	ResetLatch(MyLatch);
}

/*
 * worker_process_clean_up aborts the transaction and releases session locks after an error, and
 * returns the error.
 */
ErrorData *
worker_process_clean_up(MemoryContext context)
{
	ErrorData *error;

	error_context_stack = NULL;
	HOLD_INTERRUPTS();
	MemoryContextSwitchTo(context);
	EmitErrorReport();
	error = CopyErrorData();
	FlushErrorState();
	AbortOutOfAnyTransaction();
	LockReleaseSession(USER_LOCKMETHOD);
	MemoryContextSwitchTo(context);
	RESUME_INTERRUPTS();
	return error;
}

/*
 * worker_process_start starts a process, which the postmaster does not restart.
 */
BackgroundWorkerHandle *
worker_process_start(const char *function, const char *name, const char *type, Datum argument,
					 const void *order, Size size)
{
	BackgroundWorker worker = {
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = BGW_NEVER_RESTART,
		.bgw_main_arg = argument,
		.bgw_notify_pid = MyProcPid,
	};
	BackgroundWorkerHandle *handle;

	strlcpy(worker.bgw_library_name, "pg_sessionize", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, function, sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_name, name, sizeof(worker.bgw_name));
	strlcpy(worker.bgw_type, type, sizeof(worker.bgw_type));
	Assert(size <= sizeof(worker.bgw_extra));
	if (size > 0)
		memcpy(worker.bgw_extra, order, size);
	return RegisterDynamicBackgroundWorker(&worker, &handle) ? handle : NULL;
}
