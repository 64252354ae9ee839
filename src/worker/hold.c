/*
 * hold.c
 *		Keeps the extension's processes away from databases and pipelines that a statement needs for
 *		itself.
 *
 * No session may be connected to a database that is dropped, renamed, moved or copied, and DROP
 * EXTENSION locks tables that a pass reads.  For such a statement the extension's processes leave
 * the database, and none comes back before the transaction ends.  Their work is rolled back, which
 * costs only time.
 *
 * A statement that the server refuses must not stop anybody's work, however often it is repeated.
 * The server checks whatever it may refuse before it waits, up to five seconds, for other sessions
 * to leave.  So the server gets a tenth of a second for these checks: only then does the hold
 * become active, and the launcher has the extension's processes leave.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include <signal.h>

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "nodes/value.h"
#include "storage/procarray.h"
#include "tcop/utility.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "wakeup/notify.h"
#include "wakeup/shared.h"
#include "worker/hold.h"

/* How long the server may take to refuse a statement. */
#define REFUSAL_TIME (100 * INT64CONST(1000))

/* How long to wait for processes of the extension to end. */
#define LEAVE_TIME (5 * USECS_PER_SEC)

/* Processes that were told to end. */
typedef struct Leaving
{
	int count;
	int pids[WORKER_SLOTS];
} Leaving;

/* Whether a statement needs a database for itself, and from when on. */
typedef enum HoldNeed
{
	HOLD_NOT,
	HOLD_LATER, /* when the server has had time to refuse it */
	HOLD_NOW    /* at once: DROP EXTENSION, and a forced DROP DATABASE */
} HoldNeed;

static ProcessUtility_hook_type previous_utility_hook = NULL;

/* This transaction has a hold. */
static bool holding = false;

/*
 * end_process terminates a process of the extension, and adds it to leaving, which may be NULL.
 */
static void
end_process(int pid, Leaving *leaving)
{
	if (pid == 0 || BackendPidGetProc(pid) == NULL)
		return;
	(void) kill(pid, SIGTERM);
	if (leaving != NULL && leaving->count < WORKER_SLOTS)
		leaving->pids[leaving->count++] = pid;
}

/*
 * activate terminates the processes that a hold keeps away.  The caller holds worker_shared->lock
 * exclusively.
 */
static void
activate(Hold *hold, Leaving *leaving)
{
	hold->active = true;
	for (int i = 0; i < worker_shared->slots; i++)
	{
		WorkerSlot *slot = &worker_shared->slot[i];

		if (slot->state == SLOT_FREE || slot->database != hold->database ||
			(hold->pipeline_id != 0 && slot->pipeline_id != hold->pipeline_id))
			continue;
		if (slot->state == SLOT_RUNNING)
			end_process(slot->pid, leaving);
		for (int task = 0; task < WORKER_TASKS; task++)
			end_process(slot->tasks[task].pid, leaving);
	}
	if (hold->pipeline_id == 0 && worker_shared->survey_database == hold->database)
		end_process(worker_shared->survey_pid, leaving);
}

/*
 * hold begins a hold that becomes active after a delay, in microseconds, and lasts until the
 * transaction ends.  If no hold is free, the statement has to wait for the extension's processes as
 * for any other session.
 */
static void
hold(Oid database, int32 pipeline_id, int64 delay, Leaving *leaving)
{
	Hold *free_hold = NULL;

	holding = true;
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	/* drops of pipelines leave half of the holds to databases */
	for (int i = pipeline_id == 0 ? 0 : WORKER_HOLDS / 2; i < WORKER_HOLDS && free_hold == NULL;
		 i++)
		if (!OidIsValid(worker_shared->hold[i].database))
			free_hold = &worker_shared->hold[i];
	if (free_hold != NULL)
	{
		*free_hold = (Hold){.database = database,
							.pipeline_id = pipeline_id,
							.pid = MyProcPid,
							.subxid = GetCurrentSubTransactionId(),
							.at = GetCurrentTimestamp() + delay};
		if (delay == 0 || worker_shared->launcher == NULL)
			activate(free_hold, leaving);
		else
			launcher_wake();
	}
	LWLockRelease(worker_shared->lock);
}

/*
 * hold_activate_due activates the holds whose time has come, and returns when the next one is due.
 */
TimestampTz
hold_activate_due(TimestampTz now)
{
	TimestampTz next = DT_NOEND;

	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < WORKER_HOLDS; i++)
	{
		Hold *held = &worker_shared->hold[i];

		if (!OidIsValid(held->database) || held->active)
			continue;
		if (held->at <= now)
			activate(held, NULL);
		else
			next = Min(next, held->at);
	}
	LWLockRelease(worker_shared->lock);
	return next;
}

/*
 * wait_until_gone waits until processes have ended.  It gives up after a while, since a process may
 * be in a place where it can't be interrupted.
 */
static void
wait_until_gone(const Leaving *leaving)
{
	TimestampTz deadline = GetCurrentTimestamp() + LEAVE_TIME;

	for (int i = 0; i < leaving->count; i++)
		while (BackendPidGetProc(leaving->pids[i]) != NULL && GetCurrentTimestamp() < deadline)
		{
			CHECK_FOR_INTERRUPTS();
			pg_usleep(1000);
		}
}

/*
 * hold_now begins a hold that is active at once, and waits until the processes have ended.
 */
static void
hold_now(Oid database, int32 pipeline_id)
{
	Leaving *leaving = palloc(sizeof(Leaving));

	leaving->count = 0;
	hold(database, pipeline_id, 0, leaving);
	wait_until_gone(leaving);
	pfree(leaving);
}

/*
 * hold_pipeline begins a hold of a pipeline.
 */
void
hold_pipeline(int32 pipeline_id)
{
	if (worker_shared != NULL)
		hold_now(MyDatabaseId, pipeline_id);
}

/*
 * end_hold ends a hold, and has the launcher survey the database if it may have changed, or if
 * processes were terminated.  The hold of a pipeline whose transaction has committed is that of a
 * drop.  The caller holds worker_shared->lock exclusively.
 */
static void
end_hold(Hold *held, bool committed)
{
	WorkerSlot *slot = held->pipeline_id == 0 ? NULL : slot_find(held->database, held->pipeline_id);

	if (committed && slot != NULL)
		slot_remove(slot);
	if (committed || held->active)
		request_survey_locked(held->database);
	*held = (Hold){.database = InvalidOid};
}

/*
 * release ends the holds of this session that began in a subtransaction or later.
 */
static void
release(SubTransactionId since, bool committed)
{
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < WORKER_HOLDS; i++)
	{
		Hold *held = &worker_shared->hold[i];

		if (!OidIsValid(held->database) || held->pid != MyProcPid || held->subxid < since)
			continue;
		end_hold(held, committed);
	}
	LWLockRelease(worker_shared->lock);
}

/*
 * template_of returns the name of the database that CREATE DATABASE copies; NULL if it names none.
 */
static const char *
template_of(CreatedbStmt *statement)
{
	ListCell *cell;

	foreach (cell, statement->options)
	{
		DefElem *option = lfirst_node(DefElem, cell);

		if (strcmp(option->defname, "template") == 0 && option->arg != NULL)
			return defGetString(option);
	}
	return NULL;
}

/*
 * needs_alone returns the name of the database that a statement needs for itself; NULL if none.
 */
static const char *
needs_alone(Node *statement)
{
	ListCell *cell;

	switch (nodeTag(statement))
	{
		case T_DropdbStmt:
			return castNode(DropdbStmt, statement)->dbname;
		case T_CreatedbStmt:
			return template_of(castNode(CreatedbStmt, statement));
		case T_RenameStmt:
			if (castNode(RenameStmt, statement)->renameType == OBJECT_DATABASE)
				return castNode(RenameStmt, statement)->subname;
			return NULL;
		case T_AlterDatabaseStmt:
			foreach (cell, castNode(AlterDatabaseStmt, statement)->options)
				if (strcmp(lfirst_node(DefElem, cell)->defname, "tablespace") == 0)
					return castNode(AlterDatabaseStmt, statement)->dbname;
			return NULL;
		default:
			return NULL;
	}
}

/*
 * drops_us tells whether a statement is DROP EXTENSION pg_sessionize, by a user who may do that.
 */
static bool
drops_us(Node *statement)
{
	ListCell *cell;
	Oid extension;

	if (!IsA(statement, DropStmt) || castNode(DropStmt, statement)->removeType != OBJECT_EXTENSION)
		return false;
	foreach (cell, castNode(DropStmt, statement)->objects)
	{
		if (strcmp(strVal(lfirst(cell)), "pg_sessionize") != 0)
			continue;
		extension = get_extension_oid("pg_sessionize", true);
		return OidIsValid(extension) && sz_extension_ownercheck(extension, GetUserId());
	}
	return false;
}

/*
 * may_create_databases tells whether the current user may create databases.  Early minor versions
 * don't export the server's function for this.
 */
static bool
may_create_databases(void)
{
	HeapTuple role;
	bool may;

	if (superuser())
		return true;
	role = SearchSysCache1(AUTHOID, ObjectIdGetDatum(GetUserId()));
	if (!HeapTupleIsValid(role))
		return false;
	may = ((Form_pg_authid) GETSTRUCT(role))->rolcreatedb;
	ReleaseSysCache(role);
	return may;
}

/*
 * is_template tells whether a database may be copied by every user who may create databases.
 */
static bool
is_template(Oid database)
{
	HeapTuple tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(database));
	bool result;

	if (!HeapTupleIsValid(tuple))
		return false;
	result = ((Form_pg_database) GETSTRUCT(tuple))->datistemplate;
	ReleaseSysCache(tuple);
	return result;
}

/*
 * may_have_alone tells whether the current user may do with the database what the statement says.
 */
static bool
may_have_alone(Node *statement, Oid database)
{
	bool owns = sz_database_ownercheck(database, GetUserId());

	switch (nodeTag(statement))
	{
		case T_CreatedbStmt:
			return may_create_databases() && (owns || is_template(database));
		case T_RenameStmt:
			return owns && may_create_databases();
		default:
			return owns;
	}
}

/*
 * forces_others_out tells whether a statement is DROP DATABASE ... WITH (FORCE).  It terminates
 * other sessions at once, but the extension's processes only if a superuser runs it.
 */
static bool
forces_others_out(Node *statement)
{
	ListCell *cell;

	if (!IsA(statement, DropdbStmt))
		return false;
	foreach (cell, castNode(DropdbStmt, statement)->options)
		if (strcmp(lfirst_node(DefElem, cell)->defname, "force") == 0)
			return true;
	return false;
}

/*
 * look_at tells whether, and how, a statement needs a database for itself, and which one.
 * is_alone: the statement is not part of a transaction block or a function.
 */
static HoldNeed
look_at(Node *statement, bool is_alone, Oid *database)
{
	const char *name = needs_alone(statement);

	if (drops_us(statement))
	{
		*database = MyDatabaseId;
		return HOLD_NOW;
	}
	*database = name == NULL ? InvalidOid : get_database_oid(name, true);
	if (!OidIsValid(*database) || *database == MyDatabaseId ||
		!may_have_alone(statement, *database))
		return HOLD_NOT;
	return forces_others_out(statement) && is_alone && !is_template(*database) ? HOLD_NOW
																			   : HOLD_LATER;
}

/*
 * is_commit_prepared tells whether a statement commits a prepared transaction, whose dirty rows
 * this session knows nothing of.
 */
static bool
is_commit_prepared(Node *statement)
{
	return IsA(statement, TransactionStmt) &&
		   castNode(TransactionStmt, statement)->kind == TRANS_STMT_COMMIT_PREPARED;
}

/*
 * make_room_for begins the hold that a statement needs.
 */
static void
make_room_for(Node *statement, bool is_alone)
{
	Oid database;

	switch (look_at(statement, is_alone, &database))
	{
		case HOLD_NOW:
			hold_now(database, 0);
			break;
		case HOLD_LATER:
			hold(database, 0, REFUSAL_TIME, NULL);
			break;
		case HOLD_NOT:
			break;
	}
}

/*
 * process_utility is the hook for utility statements.
 */
static void
process_utility(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
				ProcessUtilityContext context, ParamListInfo params, QueryEnvironment *queryEnv,
				DestReceiver *dest, QueryCompletion *qc)
{
	ProcessUtility_hook_type next =
		previous_utility_hook ? previous_utility_hook : standard_ProcessUtility;

	if (IsTransactionState())
		make_room_for(pstmt->utilityStmt,
					  context == PROCESS_UTILITY_TOPLEVEL && !IsTransactionBlock());
	next(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
	if (is_commit_prepared(pstmt->utilityStmt))
		worker_notify_all();
}

/*
 * at_transaction_end ends the holds of the transaction.
 */
static void
at_transaction_end(XactEvent event, void *arg pg_attribute_unused())
{
	if (!holding ||
		(event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE))
		return;
	holding = false;
	release(InvalidSubTransactionId, event == XACT_EVENT_COMMIT);
}

/*
 * at_subtransaction_end ends the holds of a subtransaction that is rolled back, and of those inside
 * of it, which have greater ids.
 */
static void
at_subtransaction_end(SubXactEvent event, SubTransactionId mine,
					  SubTransactionId parent pg_attribute_unused(),
					  void *arg pg_attribute_unused())
{
	if (holding && event == SUBXACT_EVENT_ABORT_SUB)
		release(mine, false);
}

/*
 * hold_install installs the hook and the callbacks.
 */
void
hold_install(void)
{
	previous_utility_hook = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}
