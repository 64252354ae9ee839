/*
 * reconcile.c
 *		sessionize.reconcile(name): what has become of every raw row.
 *
 * Each number is counted by itself: raw rows in the raw table, events and duplicates in the facts,
 * quarantined rows in the quarantine, and filtered rows by the filter in the raw table.  A filtered
 * row is none of those that count.  Pending is the number of rows of the stale keys that count minus
 * the number of rows that the star accounts for among these keys.  If the stale keys are not known,
 * pending is the number of rows that count minus the number that the ledger has noted when rows were read.
 * So a row that was lost, or counted twice, anywhere between reading and writing shows up as a
 * difference.
 *
 * With a seal, the rows that count are the raw rows and the sealed rows.  A raw row that is sealed
 * as well (a twin) counts once; a derivation finds the twins.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "audit/reconcile.h"
#include "capture/behind_keys.h"
#include "catalog/extension_sql.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_function.h"
#include "catalog/raw_layout.h"
#include "catalog/star_relation.h"
#include "derive/derive.h"
#include "dirty/dirty.h"
#include "dirty/stale_keys.h"
#include "source/filtered_rows.h"
#include "source/keyed_source.h"
#include "source/sealed_rows.h"
#include "source/source_mapping.h"
#include "spi/key_relation.h"
#include "spi/scope.h"
#include "spi/sql.h"
#include "spi/statement.h"
#include "star/star.h"
#include "star/star_check.h"
#include "utils/arguments.h"

/* The columns of the result. */
enum
{
	COL_RAW_ROWS,
	COL_SEALED_ONLY,
	COL_EVENTS,
	COL_DUPLICATES,
	COL_QUARANTINED,
	COL_FILTERED,
	COL_LATE,
	COL_PENDING,
	COL_DIFFERENCE,
	COL_EVENT_DIFFERENCE,
	COL_COUNT
};

/* The numbers of rows of the star's tables. */
typedef struct StarCounts
{
	int64 raw_rows;
	int64 filtered; /* raw rows for which the filter is not true */
	int64 events;
	int64 duplicates;
	int64 quarantined;
	int64 sealed; /* rows of the table "sealed" */
	int64 late;
	int64 event_rows; /* rows of fact_event; equal to events if the pipeline stores none */
} StarCounts;

/* What has become of every row that counts. */
typedef struct Account
{
	StarCounts star;
	int64 sealed_only; /* sealed rows whose raw row is gone */
	int64 pending;
	int64 difference;
} Account;

/*
 * count_star counts rows in one snapshot, as the pipeline's owner; raw rows only if asked to.
 */
static void
count_star(const Pipeline *pipeline, bool with_raw_rows, StarCounts *counts)
{
	OwnerScope scope;
	int64 numbers[7];

	owner_scope_enter(&scope, pipeline);
	(void) sql_query_bigints(
		star_sql(
			pipeline,
			"SELECT %s, s.events, s.duplicates, "
			"(SELECT count(*) FROM @quarantine), %s, %s, %s FROM (SELECT coalesce(sum(f.events), "
			"0)::bigint AS events, "
			"coalesce(sum(f.duplicates), 0)::bigint AS duplicates FROM @fact_session AS f) AS s",
			with_raw_rows ? star_sql(pipeline, "(SELECT count(*) FROM @source)") : "0::bigint",
			pipeline->store_events ? star_sql(pipeline, "(SELECT count(*) FROM @fact_event)")
								   : "s.events",
			pipeline->has_seal ? star_sql(pipeline, "(SELECT count(*) FROM @sealed)") : "0::bigint",
			pipeline->has_seal ? star_sql(pipeline, "(SELECT count(*) FROM @late)") : "0::bigint"),
		numbers, lengthof(numbers));
	counts->filtered = with_raw_rows ? filtered_rows(pipeline, source_mapping(pipeline), NULL) : 0;
	owner_scope_leave(&scope);
	counts->raw_rows = numbers[0];
	counts->events = numbers[1];
	counts->duplicates = numbers[2];
	counts->quarantined = numbers[3];
	counts->event_rows = numbers[4];
	counts->sealed = numbers[5];
	counts->late = numbers[6];
}

/* What the ledger says of a star. */
typedef struct Ledger
{
	int64 rows;    /* how many raw or sealed rows the star accounts for */
	bool outdated; /* the star was derived by other rules than the current ones */
} Ledger;

/*
 * read_ledger reads the pipeline's row of the ledger.
 */
static Ledger
read_ledger(const Pipeline *pipeline)
{
	int64 numbers[2] = {0};

	(void) extension_bigints(
		"SELECT kept_rows + quarantined_rows + late_rows, outdated::int::bigint "
		"FROM sessionize.ledger WHERE pipeline_id = $1",
		SQL_READ_ONLY, SQL_VALUES(SQL_INT4(pipeline->id)), numbers, lengthof(numbers));
	return (Ledger){.rows = numbers[0], .outdated = numbers[1] != 0};
}

/*
 * count_of_keys returns a count over rows that are joined with some keys.
 */
static int64
count_of_keys(const KeyRelation *keys, const char *count, const char *from)
{
	return key_relation_query_bigint(keys, psprintf("SELECT %s FROM %s", count, from));
}

/*
 * count_twins returns how many raw rows, of some keys or (NULL) of all, are sealed as well.
 */
static int64
count_twins(const Pipeline *pipeline, const KeyRelation *keys)
{
	DeriveSink sink = {.failed = derive_ignore_failed};
	Derivation *derivation =
		derive_begin(pipeline, CurrentMemoryContext, 0, (Size) maintenance_work_mem * 1024);
	int64 twins = 0;

	if (keys != NULL)
		derive_read_keys(derivation, GetActiveSnapshot(), keys);
	else
		derive_read(derivation, GetActiveSnapshot(), NULL, NULL, NULL);
	derive_quarantine_end(derivation);
	for (int piece = 0; piece < derive_pieces(derivation); piece++)
	{
		DeriveCounts counts;

		derive_piece(derivation, piece, &sink, &counts);
		twins += counts.twins;
	}
	derive_end(derivation);
	return twins;
}

/*
 * sealed_only returns how many sealed rows have no raw row any more.
 */
static int64
sealed_only(const Pipeline *pipeline, const StarCounts *counts)
{
	OwnerScope scope;
	int64 twins = 0;

	if (counts->sealed == 0)
		return 0;
	owner_scope_enter(&scope, pipeline);
	twins = count_twins(pipeline, NULL);
	owner_scope_leave(&scope);
	return counts->sealed - twins;
}

/*
 * rows_of_keys_sql returns FROM and WHERE for the rows "f" of a relation that belong to keys in
 * KEY_ROWS.
 */
static char *
rows_of_keys_sql(const Pipeline *pipeline, StarRelationId relation)
{
	return psprintf("%s AS f, " KEY_ROWS " AS k WHERE f.session_key %s k.session_key",
					star_relation(pipeline, relation),
					key_equals_sql(pipeline->types[SRC_SESSION_KEY]));
}

/*
 * count_stale_sealed returns the number of sealed rows of the stale keys whose raw row is gone,
 * minus the number of the keys' known late rows.
 */
static int64
count_stale_sealed(const Pipeline *pipeline, const KeyRelation *keys)
{
	return count_of_keys(keys, "count(*)", rows_of_keys_sql(pipeline, STAR_SEALED)) -
		   count_twins(pipeline, keys) -
		   count_of_keys(keys, "count(*)", rows_of_keys_sql(pipeline, STAR_LATE));
}

/*
 * count_stale returns the number of rows of the stale keys that count, minus the number of those
 * that the star accounts for.
 */
static int64
count_stale(const Pipeline *pipeline, const StaleKeys *stale)
{
	const SourceMapping *mapping = source_mapping(pipeline);
	KeyRelation *keys = stale_keys_table(stale, pipeline);
	int64 rows = count_of_keys(keys, "count(*)", keyed_from_sql(pipeline, mapping, ROWS_OF_KEYS));

	rows -= filtered_rows(pipeline, mapping, keys);
	rows -= count_of_keys(keys, "coalesce(sum(f.events + f.duplicates), 0)::bigint",
						  rows_of_keys_sql(pipeline, STAR_FACT_SESSION));
	rows -= count_of_keys(keys, "count(*)", rows_of_keys_sql(pipeline, STAR_QUARANTINE));
	if (keys->has_null)
	{
		rows +=
			count_of_keys(keys, "count(*)", keyed_from_sql(pipeline, mapping, ROWS_WITHOUT_KEY));
		rows -=
			count_of_keys(keys, "count(*)",
						  star_sql(pipeline, "@quarantine AS f WHERE f.session_key" SQL_IS_NULL));
	}
	if (pipeline->has_seal && keys->count > 0)
		rows += count_stale_sealed(pipeline, keys);
	key_relation_free(keys);
	return rows;
}

/*
 * pending_rows returns for how many rows, of all that count, the star does not account yet.
 */
static int64
pending_rows(const Pipeline *pipeline, int64 all)
{
	StaleKeys *stale;
	OwnerScope scope;
	int64 rows;

	owner_scope_enter(&scope, pipeline);
	stale = behind_keys_load(pipeline);
	rows = stale != NULL ? count_stale(pipeline, stale) : 0;
	owner_scope_leave(&scope);
	return stale != NULL ? rows : all - read_ledger(pipeline).rows;
}

/*
 * star_difference returns how many of the represented rows are missing from the star.
 */
static int64
star_difference(const StarCounts *counts, int64 represented)
{
	return represented - counts->events - counts->duplicates - counts->quarantined - counts->late;
}

/*
 * reconcile_closes tells whether the star's counts agree with the ledger.
 */
bool
reconcile_closes(const Pipeline *pipeline)
{
	StarCounts counts;

	count_star(pipeline, false, &counts);
	return star_difference(&counts, read_ledger(pipeline).rows) == 0 &&
		   counts.events == counts.event_rows;
}

/*
 * rows_that_count returns how many rows, raw or sealed, the star has to account for.
 */
static int64
rows_that_count(const Account *account)
{
	return account->star.raw_rows - account->star.filtered + account->sealed_only;
}

/*
 * discount changes the account of a star that was derived by other rules.  Nothing in the star
 * counts, so all rows are pending but for filtered ones; the difference is that between the star
 * and the ledger.
 */
static void
discount(Account *account, int64 represented)
{
	StarCounts *star = &account->star;

	account->difference = star_difference(star, represented);
	account->pending = rows_that_count(account) - account->difference;
	star->event_rows -= star->events;
	star->events = star->duplicates = star->quarantined = star->late = 0;
}

/*
 * take_account counts all rows in the active snapshot.
 */
static Account
take_account(const Pipeline *pipeline)
{
	Ledger ledger = read_ledger(pipeline);
	Account account;
	int64 all;

	count_star(pipeline, true, &account.star);
	account.sealed_only = sealed_only(pipeline, &account.star);
	if (ledger.outdated)
	{
		discount(&account, ledger.rows);
		return account;
	}
	all = rows_that_count(&account);
	account.pending = pending_rows(pipeline, all);
	account.difference = star_difference(&account.star, all - account.pending);
	return account;
}

/*
 * account_now is the work that raw_layout_settled repeats until the partitions have not changed
 * meanwhile.
 */
static void
account_now(Pipeline *pipeline, void *arg)
{
	*(Account *) arg = take_account(pipeline);
}

/*
 * reconcile_missing counts rows that the star accounts for, but that don't exist.
 */
MissingRows
reconcile_missing(const Pipeline *pipeline)
{
	Account account = take_account(pipeline);

	return (MissingRows){.rows = rows_that_count(&account),
						 .represented = read_ledger(pipeline).rows,
						 .missing = -account.difference};
}

/*
 * reconcile_rows_settled counts the rows of sessions whose keys are not in the dirty log, or only
 * since an instant.
 */
int64
reconcile_rows_settled(const Pipeline *pipeline, TimestampTz before)
{
	OwnerScope scope;
	int64 rows = 0;

	owner_scope_enter(&scope, pipeline);
	(void) sql_query_bigints(
		star_sql(pipeline,
				 "SELECT coalesce(sum(f.events + f.duplicates), 0)::bigint FROM @fact_session AS f "
				 "WHERE NOT EXISTS (SELECT FROM %s AND d.session_key %s f.session_key AND "
				 "d.logged_at < %s)",
				 dirty_rows_sql(pipeline), key_equals_sql(pipeline->types[SRC_SESSION_KEY]),
				 quote_literal_cstr(timestamptz_to_str(before))),
		&rows, 1);
	owner_scope_leave(&scope);
	return rows;
}

/*
 * sessionize_reconcile accounts for every raw row.
 */
PIPELINE_FUNCTION(sessionize_reconcile)
{
	Pipeline *pipeline;
	char *name = argument_pipeline(fcinfo);
	Account account;
	Datum values[COL_COUNT];
	bool isnull[COL_COUNT] = {false};

	pipeline = pipeline_as_seen(pipeline_load(name));
	pipeline_check_owner(pipeline);
	catalog_read_seal(pipeline);
	star_check(pipeline);
	raw_layout_settled(pipeline, account_now, &account);
	values[COL_RAW_ROWS] = Int64GetDatum(account.star.raw_rows);
	values[COL_SEALED_ONLY] = Int64GetDatum(account.sealed_only);
	values[COL_EVENTS] = Int64GetDatum(account.star.events);
	values[COL_DUPLICATES] = Int64GetDatum(account.star.duplicates);
	values[COL_QUARANTINED] = Int64GetDatum(account.star.quarantined);
	values[COL_FILTERED] = Int64GetDatum(account.star.filtered);
	values[COL_LATE] = Int64GetDatum(account.star.late);
	values[COL_PENDING] = Int64GetDatum(account.pending);
	values[COL_DIFFERENCE] = Int64GetDatum(account.difference);
	values[COL_EVENT_DIFFERENCE] = Int64GetDatum(account.star.events - account.star.event_rows);
	PG_RETURN_DATUM(result_row(fcinfo, values, isnull));
}
