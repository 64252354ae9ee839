/*
 * hold.c
 *		Statements that no process of ours may stand in the way of.
 *
 * Nobody may be connected to a database that is dropped, renamed, moved or copied, and DROP EXTENSION locks tables that a
 * pass reads.  For such a statement our processes leave the database, and none comes back before its end.  What
 * they were doing is rolled back, which costs nothing but time.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include <signal.h>

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "commands/extension.h"
#include "compat.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "nodes/value.h"
#include "tcop/utility.h"
#include "utils/syscache.h"
#include "worker/hold.h"
#include "worker/notify.h"
#include "worker/shared.h"

static ProcessUtility_hook_type previous_utility_hook = NULL;

/* This transaction holds a database. */
static bool holding = false;

/*
 * hold has our processes leave the database and keeps them out until the transaction ends.  Where all holds are taken, the statement has to wait for
 * them like for any other session.
 */
static void
hold(Oid database)
{
	holding = true;
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < WORKER_HOLDS; i++)
	{
		if (OidIsValid(worker_shared->hold[i].database))
			continue;
		worker_shared->hold[i] = (DatabaseHold){.database = database, .pid = MyProcPid};
		break;
	}
	for (int i = 0; i < worker_shared->slots; i++)
	{
		WorkerSlot *slot = &worker_shared->slot[i];

		if (slot->state == SLOT_RUNNING && slot->database == database)
			(void) kill(slot->pid, SIGTERM);
		if (slot->state != SLOT_FREE && slot->database == database && slot->large_pid != 0)
			(void) kill(slot->large_pid, SIGTERM);
	}
	if (worker_shared->survey_database == database)
		(void) kill(worker_shared->survey_pid, SIGTERM);
	LWLockRelease(worker_shared->lock);
}

/*
 * release gives up all that this session holds, and has it surveyed.
 */
static void
release(void)
{
	Oid databases[WORKER_HOLDS];
	int count = 0;

	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < WORKER_HOLDS; i++)
	{
		DatabaseHold *held = &worker_shared->hold[i];

		if (!OidIsValid(held->database) || held->pid != MyProcPid)
			continue;
		databases[count++] = held->database;
		held->database = InvalidOid;
	}
	LWLockRelease(worker_shared->lock);
	for (int i = 0; i < count; i++)
		request_survey(databases[i]);
}

/*
 * template_of returns the database that CREATE DATABASE copies, if it says which.
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
 * needs_alone returns the name of the database that the statement wants for itself; NULL if none.
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
 * drops_us tells whether the statement is this database's DROP EXTENSION pg_sessionize by somebody who may do that.
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
 * may_create_databases tells whether the current user may.  The server has a function for that, but early minor versions keep it
 * to themselves.
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
 * database_to_hold returns the database that the statement needs without us; InvalidOid for none, or where
 * the user may not do that anyway.
 */
static Oid
database_to_hold(Node *statement)
{
	const char *name = needs_alone(statement);
	Oid database = name == NULL ? InvalidOid : get_database_oid(name, true);
	bool may = OidIsValid(database) && (sz_database_ownercheck(database, GetUserId()) ||
										(IsA(statement, CreatedbStmt) && may_create_databases()));

	if (may)
		return database;
	return drops_us(statement) ? MyDatabaseId : InvalidOid;
}

/*
 * is_commit_prepared tells whether the statement may let dirty rows be seen that this session knows nothing of.
 */
static bool
is_commit_prepared(Node *statement)
{
	return IsA(statement, TransactionStmt) &&
		   castNode(TransactionStmt, statement)->kind == TRANS_STMT_COMMIT_PREPARED;
}

/*
 * process_utility is called for every utility statement.
 */
static void
process_utility(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree, ProcessUtilityContext context,
				ParamListInfo params, QueryEnvironment *queryEnv, DestReceiver *dest, QueryCompletion *qc)
{
	ProcessUtility_hook_type next = previous_utility_hook ? previous_utility_hook : standard_ProcessUtility;
	Oid database = IsTransactionState() ? database_to_hold(pstmt->utilityStmt) : InvalidOid;

	if (OidIsValid(database))
		hold(database);
	next(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
	if (is_commit_prepared(pstmt->utilityStmt))
		worker_notify_all();
}

/*
 * at_transaction_end gives up what the transaction held.
 */
static void
at_transaction_end(XactEvent event, void *arg pg_attribute_unused())
{
	if (holding && (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE))
	{
		holding = false;
		release();
	}
}

/*
 * hold_install has us called for utility statements.
 */
void
hold_install(void)
{
	previous_utility_hook = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
	RegisterXactCallback(at_transaction_end, NULL);
}
