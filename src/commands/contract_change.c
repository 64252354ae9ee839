/*
 * contract_change.c
 *		What follows for a pipeline from a change of its contracts.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "capture/pending_keys.h"
#include "capture/reject_trigger.h"
#include "catalog/extension_sql.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline_contracts.h"
#include "commands/contract_change.h"
#include "commands/contract_columns.h"
#include "commands/outdate.h"
#include "commands/own_columns.h"
#include "compat.h"
#include "dirty/dirty.h"
#include "source/row_validate.h"
#include "source/source_mapping.h"
#include "source/source_read_safe.h"
#include "source/source_reader.h"
#include "spi/privileges.h"
#include "utils/subtransaction.h"

/* The reading of the raw rows whose keys are to be derived anew. */
typedef struct Marking
{
	const Pipeline *pipeline;
	SourceMapping *mapping;
	DirtyLog log;
	const char *event_name; /* NULL: of all events */
	Size name_length;
} Marking;

/*
 * find_document returns the number of the document that an expression gives; 0 if there is none.
 */
static int16
find_document(const Pipeline *pipeline, const char *about)
{
	bool isnull;
	Datum number = extension_value("SELECT number FROM sessionize.contract_document "
								   "WHERE pipeline_id = $1 AND expression = $2",
								   SQL_READ_WRITE,
								   SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(about)), &isnull);

	return isnull ? 0 : DatumGetInt16(number);
}

/*
 * insert_document gives a document the least number that is free, and returns it.
 */
static int16
insert_document(const Pipeline *pipeline, const char *about)
{
	bool isnull;

	return DatumGetInt16(extension_value(
		"INSERT INTO sessionize.contract_document AS d (pipeline_id, number, expression) "
		"SELECT $1, min(n.number), $2 FROM (SELECT 1 AS number UNION ALL SELECT o.number + 1 FROM "
		"sessionize.contract_document AS o WHERE o.pipeline_id = $1 AND o.expression IS NOT NULL) "
		"AS n WHERE NOT EXISTS (SELECT FROM sessionize.contract_document AS t WHERE "
		"t.pipeline_id = $1 AND t.number = n.number AND t.expression IS NOT NULL) "
		"ON CONFLICT (pipeline_id, number) DO UPDATE SET expression = excluded.expression "
		"RETURNING d.number",
		SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(about)), &isnull));
}

/*
 * contract_document_ensure returns the number of the document that an expression gives.
 */
int16
contract_document_ensure(const Pipeline *pipeline, const char *about)
{
	int16 number = find_document(pipeline, about);

	if (number == 0)
	{
		number = insert_document(pipeline, about);
		contract_column_add(pipeline, psprintf(CONTRACT_DOCUMENT "%d", number), about);
	}
	return number;
}

/*
 * contract_document_release drops a document that no contract uses any more.
 */
void
contract_document_release(const Pipeline *pipeline, int16 number)
{
	bool isnull;
	Datum about = extension_value(
		"WITH d AS (SELECT o.pipeline_id, o.number, o.expression FROM sessionize.contract_document "
		"AS o WHERE o.pipeline_id = $1 AND o.number = $2 AND NOT EXISTS (SELECT FROM "
		"sessionize.contract AS c WHERE c.pipeline_id = $1 AND c.document = $2)), "
		"u AS (UPDATE sessionize.contract_document AS t SET expression = NULL FROM d "
		"WHERE t.pipeline_id = d.pipeline_id AND t.number = d.number) "
		"SELECT d.expression FROM d",
		SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline->id), SQL_INT4(number)), &isnull);

	if (!isnull)
		contract_column_remove(pipeline, CONTRACT_DOCUMENT, TextDatumGetCString(about));
}

/*
 * contract_versions_are_named tells whether events name versions.
 */
bool
contract_versions_are_named(const Pipeline *pipeline)
{
	return pipeline->contracts != NULL && pipeline->contracts->version >= 0;
}

/*
 * is_judged_name tells whether a row is an event whose judgement may have changed.
 */
static inline bool
is_judged_name(const Marking *marking, const SourceRow *row)
{
	const text *name;

	if (marking->event_name == NULL)
		return true;
	if (row->isnull[SRC_EVENT_NAME])
		return false;
	name = DatumGetTextPP(row->values[SRC_EVENT_NAME]);
	return VARSIZE_ANY_EXHDR(name) == marking->name_length &&
		   memcmp(VARDATA_ANY(name), marking->event_name, marking->name_length) == 0;
}

/*
 * mark_row logs the key and the time of a row that is judged anew: not of one that no event can be
 * made of, whatever the contracts say, or that lies before the seal's horizon.
 */
static void
mark_row(void *arg, const SourceRow *row)
{
	Marking *marking = arg;
	const Pipeline *pipeline = marking->pipeline;
	TimestampTz time;
	DirtyKey dirty;

	if (row->error != NULL || row->is_filtered || !is_judged_name(marking, row) ||
		row->isnull[SRC_SESSION_KEY] ||
		!SZ_TIME_IS_VALID(row_event_time(row, &pipeline->clock, &time)) ||
		time < pipeline->judged_since)
		return;
	dirty = (DirtyKey){row->values[SRC_SESSION_KEY], false, time, time};
	pending_keys_add(&marking->log, &dirty);
}

/*
 * read_fast reads the raw rows; it fails if an expression does.
 */
static void
read_fast(void *arg)
{
	Marking *marking = arg;

	source_read(marking->pipeline, marking->mapping, NULL, mark_row, marking);
}

/*
 * narrow_mapping returns the pipeline's mapping reduced to what decides whose key is marked.
 */
static SourceMapping *
narrow_mapping(const Pipeline *pipeline)
{
	SourceMapping *mapping = source_mapping(pipeline);

	for (int column = 0; column < mapping->ncolumns; column++)
		if (column != SRC_SESSION_KEY && column != SRC_OCCURRED_AT && column != SRC_SENT_AT &&
			column != SRC_RECEIVED_AT && column != SRC_FILTER && column != SRC_EVENT_NAME)
			mapping->is_mapped[column] = false;
	return mapping;
}

/*
 * contract_changed has keys derived anew.
 *
 * A row that this transaction does not see is logged when its own transaction commits, and is
 * judged by the contracts of then.  No refresh or rebuild is at work that has loaded the contracts
 * before the change: the caller's lock keeps them away.  An interrupted rebuild begins anew, since
 * the contracts belong to the definition.
 */
void
contract_changed(const Pipeline *pipeline, const char *event_name)
{
	Marking marking = {.pipeline = pipeline,
					   .event_name = event_name,
					   .name_length = event_name == NULL ? 0 : strlen(event_name)};
	OwnerScope scope;

	if (!pipeline->built)
	{
		pipeline_outdate(pipeline);
		return;
	}
	marking.log = (DirtyLog){pipeline->id, dirty_table(pipeline), pipeline->types[SRC_SESSION_KEY]};
	if (!OidIsValid(marking.log.table))
		dirty_report_lost(pipeline);
	PushActiveSnapshot(GetLatestSnapshot());
	owner_scope_enter(&scope, pipeline);
	check_may_read(pipeline->source);
	marking.mapping = narrow_mapping(pipeline);
	if (!try_in_subtransaction(read_fast, &marking, NULL))
		source_read_safe(pipeline, marking.mapping, NULL, mark_row, &marking);
	owner_scope_leave(&scope);
	PopActiveSnapshot();
}

/*
 * contract_change_inserts has inserts fail as the contracts say now.
 */
void
contract_change_inserts(const Pipeline *pipeline)
{
	reject_trigger_change(pipeline, own_load_changed(pipeline));
}
