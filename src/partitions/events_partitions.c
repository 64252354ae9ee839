/*
 * events_partitions.c
 *		create_events_partitions: creates the next partitions of an events table.
 *
 * A partition is created as a table and then attached, which blocks writers of the default
 * partition only, not of the whole table.  Rows of its period in the default partition are moved in
 * the same transaction.  A row that was left behind would make the ATTACH fail, so no row is lost.
 *
 * If rows of these periods are arriving, though, writers must be locked out of the whole table:
 * PostgreSQL routes a row before it waits for the lock of a partition, so an INSERT that waits for
 * the default partition would fail after the ATTACH.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/partition.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "capture/capture_ddl.h"
#include "compat.h"
#include "partitions/events_partitions.h"
#include "spi/scope.h"
#include "spi/sql.h"

PG_FUNCTION_INFO_V1(sessionize_create_events_partitions);

#define MAX_AHEAD 1000

/* A partition to create. */
typedef struct NewPartition
{
	char *name; /* qualified and quoted */
	char *from; /* from and to as SQL literals */
	char *to;
	bool is_current; /* the current time lies in it */
} NewPartition;

/*
 * events_partitions_ahead returns the default: a week of days, or two months.
 */
int
events_partitions_ahead(Period period)
{
	return period == PERIOD_DAY ? 7 : 2;
}

/*
 * events_partitions_check_name reports a name that is too long to append a partition's suffix.
 */
void
events_partitions_check_name(const char *table)
{
	if (strlen(table) + PERIOD_SUFFIX_LENGTH >= NAMEDATALEN)
		ereport(ERROR, (errcode(ERRCODE_NAME_TOO_LONG),
						errmsg("the name \"%s\" is too long for a table with partitions", table),
						errdetail("Partitions add %d bytes to it, and a name has at most %d.",
								  PERIOD_SUFFIX_LENGTH, NAMEDATALEN - 1),
						errhint("Choose a name of at most %d bytes.",
								NAMEDATALEN - 1 - PERIOD_SUFFIX_LENGTH)));
}

/*
 * bound_of returns bound number i of a table partitioned by range of one timestamptz.  It is
 * infinite if i is negative.
 */
static TimestampTz
bound_of(PartitionBoundInfo bounds, int i)
{
	if (i < 0 || bounds->kind[i][0] == PARTITION_RANGE_DATUM_MINVALUE)
		return DT_NOBEGIN;
	if (bounds->kind[i][0] == PARTITION_RANGE_DATUM_MAXVALUE)
		return DT_NOEND;
	return DatumGetTimestampTz(bounds->datums[i][0]);
}

/*
 * is_covered tells whether a partition overlaps the time from .. to.
 */
static bool
is_covered(PartitionBoundInfo bounds, TimestampTz from, TimestampTz to)
{
	for (int i = 0; bounds != NULL && i < bounds->ndatums; i++)
		if (bounds->indexes[i] >= 0 && bound_of(bounds, i - 1) < to && bound_of(bounds, i) > from)
			return true;
	return false;
}

/*
 * infer_period tells from the latest partition with finite bounds whether partitions are days or
 * months; days if there is no such partition.
 */
static Period
infer_period(Relation rel)
{
	PartitionBoundInfo bounds = RelationGetPartitionDesc(rel, true)->boundinfo;

	for (int i = bounds == NULL ? -1 : bounds->ndatums - 1; i >= 0; i--)
	{
		TimestampTz from = bound_of(bounds, i - 1);
		TimestampTz to = bound_of(bounds, i);

		if (bounds->indexes[i] < 0 || TIMESTAMP_NOT_FINITE(from) || TIMESTAMP_NOT_FINITE(to))
			continue;
		if (period_is(PERIOD_DAY, from, to))
			return PERIOD_DAY;
		if (period_is(PERIOD_MONTH, from, to))
			return PERIOD_MONTH;
		ereport(
			ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the latest partition of %s is neither a day nor a month in UTC",
					sql_qualified_name(RelationGetRelid(rel))),
			 errhint(
				 "Make the next partitions as you made that one: CREATE TABLE ... PARTITION OF.")));
	}
	return PERIOD_DAY;
}

/*
 * list_missing lists the partitions to create, oldest first.
 */
static List *
list_missing(Relation rel, Period period, int ahead)
{
	PartitionBoundInfo bounds = RelationGetPartitionDesc(rel, true)->boundinfo;
	TimestampTz now = GetCurrentTransactionStartTimestamp();
	Oid schema = RelationGetNamespace(rel);
	List *missing = NIL;

	for (int n = 0; n <= ahead; n++)
	{
		TimestampTz from = period_start(period, now, n);
		TimestampTz to = period_start(period, now, n + 1);
		NewPartition *partition;
		char *name;

		if (is_covered(bounds, from, to))
			continue;
		name = psprintf("%s%s", RelationGetRelationName(rel), period_suffix(period, from));
		partition = palloc(sizeof(NewPartition));
		partition->is_current = n == 0;
		partition->name = quote_qualified_identifier(get_namespace_name(schema), name);
		partition->from = quote_literal_cstr(timestamptz_to_str(from));
		partition->to = quote_literal_cstr(timestamptz_to_str(to));
		if (OidIsValid(get_relname_relid(name, schema)))
			ereport(ERROR, (errcode(ERRCODE_DUPLICATE_TABLE),
							errmsg("relation %s already exists", partition->name),
							errdetail("It has the name of the partition for %s to %s.",
									  partition->from, partition->to),
							errhint("Attach it, rename it or drop it.")));
		missing = lappend(missing, partition);
	}
	return missing;
}

/*
 * events_partitions_missing tells whether partitions are missing.
 */
bool
events_partitions_missing(Oid table)
{
	Relation rel = table_open(table, AccessShareLock);
	Period period = infer_period(rel);
	List *missing = list_missing(rel, period, events_partitions_ahead(period));

	table_close(rel, AccessShareLock);
	return missing != NIL;
}

/*
 * make_partition creates one partition, moves the rows of its period from the default partition,
 * and attaches it.
 */
static void
make_partition(const char *table, const char *default_partition, const char *key,
			   const char *columns, const NewPartition *partition)
{
	sql_executef("CREATE TABLE %s (LIKE %s INCLUDING ALL EXCLUDING IDENTITY)", partition->name,
				 table);
	if (default_partition != NULL)
		sql_executef("WITH moved AS (DELETE FROM %s WHERE %s >= %s AND %s < %s RETURNING %s) "
					 "INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM moved",
					 default_partition, key, partition->from, key, partition->to, columns,
					 partition->name, columns, columns);
	capture_ddl_attach_moved(
		psprintf("ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%s) TO (%s)", table,
				 partition->name, partition->from, partition->to));
}

/*
 * lock_writers_out locks the default partition; and before it the table, if rows of the missing
 * periods seem to be arriving: if the current period is missing, or the default partition has rows
 * of a missing one.
 */
static void
lock_writers_out(const char *table, const char *default_partition, const char *key, List *missing)
{
	const NewPartition *first = linitial(missing);
	const NewPartition *last = llast(missing);

	if (first->is_current || sql_executef("SELECT FROM %s WHERE %s >= %s AND %s < %s LIMIT 1",
										  default_partition, key, first->from, key, last->to) > 0)
		sql_executef("LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE", table);
	sql_executef("LOCK TABLE %s IN ACCESS EXCLUSIVE MODE", default_partition);
}

/*
 * events_partitions_make creates the missing partitions.
 */
int
events_partitions_make(Oid table, Period period, int ahead)
{
	Relation rel = table_open(table, ShareUpdateExclusiveLock);
	char *name = sql_qualified_name(table);
	char *columns = sql_column_list(rel, true);
	const char *key =
		quote_identifier(get_attname(table, RelationGetPartitionKey(rel)->partattrs[0], false));
	Oid default_oid = get_default_partition_oid(table);
	char *default_partition = OidIsValid(default_oid) ? sql_qualified_name(default_oid) : NULL;
	List *missing;
	ListCell *cell;

	if (period == PERIOD_NONE)
		period = infer_period(rel);
	missing = list_missing(rel, period, ahead < 0 ? events_partitions_ahead(period) : ahead);
	table_close(rel, NoLock);
	if (missing != NIL && default_partition != NULL)
		lock_writers_out(name, default_partition, key, missing);
	foreach (cell, missing)
		make_partition(name, default_partition, key, columns, lfirst(cell));
	return list_length(missing);
}

/*
 * events_partitions_check reports a table of another owner, or one that is not partitioned as
 * create_events_table does it.
 */
void
events_partitions_check(Oid table)
{
	char *name;
	Relation rel;
	PartitionKey key;
	bool suitable;

	if (get_rel_relkind(table) == '\0')
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("relation with OID %u does not exist", table)));
	if (!sz_relation_ownercheck(table, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(get_rel_relkind(table)),
					   get_rel_name(table));
	rel = relation_open(table, AccessShareLock);
	name = sql_qualified_name(table);
	key = RelationGetPartitionKey(rel);
	suitable = key != NULL && key->strategy == PARTITION_STRATEGY_RANGE && key->partnatts == 1 &&
			   key->partattrs[0] != 0 && key->parttypid[0] == TIMESTAMPTZOID;
	relation_close(rel, AccessShareLock);
	if (!suitable)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("table %s is not partitioned by range of one timestamptz column", name),
				 errhint("create_events_table makes one that is.")));
	events_partitions_check_name(get_rel_name(table));
}

/*
 * sessionize_create_events_partitions creates the next partitions of an events table, as its owner.
 */
Datum
sessionize_create_events_partitions(PG_FUNCTION_ARGS)
{
	int ahead = -1;
	int made;
	OwnerScope scope;
	Oid table;

	PreventCommandIfReadOnly("sessionize.create_events_partitions()");
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("events_table must not be null"),
				 errhint("Name the table that create_events_table made.")));
	table = PG_GETARG_OID(0);
	if (!PG_ARGISNULL(1))
	{
		ahead = PG_GETARG_INT32(1);
		if (ahead < 0 || ahead > MAX_AHEAD)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("ahead must be from 0 to %d", MAX_AHEAD),
							errhint("Leave it out for a week of days or two months.")));
	}
	events_partitions_check(table);
	role_scope_enter(&scope, sql_relation_owner(table));
	made = events_partitions_make(table, PERIOD_NONE, ahead);
	owner_scope_leave(&scope);
	PG_RETURN_INT32(made);
}
