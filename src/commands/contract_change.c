/*
 * contract_change.c
 *		What follows for a pipeline from a change of its contracts.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "capture/pending_keys.h"
#include "catalog/extension_sql.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline_contracts.h"
#include "commands/contract_change.h"
#include "commands/own_columns.h"
#include "commands/outdate.h"
#include "commands/source_change.h"
#include "compat.h"
#include "dirty/dirty.h"
#include "source/row_validate.h"
#include "source/source_mapping.h"
#include "source/source_read_safe.h"
#include "source/source_reader.h"
#include "spi/privileges.h"
#include "utils/expression.h"
#include "utils/subtransaction.h"

/* What a contract is about that is about the whole raw row. */
#define WHOLE_ROW "*"

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
 * document_sql returns the expression of the view "source" for a document.
 */
static char *
document_sql(Relation raw, const char *about)
{
	Node *expression;

	if (strcmp(about, WHOLE_ROW) == 0)
		return "pg_catalog.to_jsonb(" MAPPING_ALIAS ".*)";
	expression = expression_parse(raw, "about", about);
	if (exprType(expression) != JSONBOID)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("argument about must be of type jsonb, not %s",
							   format_type_be(exprType(expression))),
						errhint("A contract is about a document, such as about => 'properties'.")));
	expression_check_immutable(expression, "about", about, NULL);
	return own_value_sql(raw, expression, JSONBOID, false);
}

/*
 * find_column returns the attribute that is a document's or the version's column; -1 if there is
 * none.
 */
static int
find_column(const Pipeline *pipeline, const char *given)
{
	const Definition *definition = pipeline->definition;

	for (int i = 0; definition != NULL && i < definition->nattributes; i++)
		if (definition->attributes[i].given != NULL &&
			strcmp(definition->attributes[i].given, given) == 0 &&
			column_is_judged(pipeline->types[SRC_NCOLUMNS + i]))
			return ATTRIBUTE_COUNT + i;
	return -1;
}

/*
 * apply_change changes the view "source" as the pipeline's owner.
 */
static void
apply_change(const SourceChange *change)
{
	OwnerScope scope;

	owner_scope_enter(&scope, change->pipeline);
	source_change_apply(change);
	owner_scope_leave(&scope);
}

/*
 * add_column adds a column to the view "source".
 */
static void
add_column(const Pipeline *pipeline, const char *name, const char *about)
{
	Relation raw = table_open(pipeline->source, AccessShareLock);
	SourceChange change = {.pipeline = pipeline, .raw = raw};

	(void) source_change_add(&change, name, about, JSONBOID, document_sql(raw, about));
	apply_change(&change);
	table_close(raw, NoLock);
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
		add_column(pipeline, psprintf(CONTRACT_DOCUMENT "%d", number), about);
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
	Relation raw;
	SourceChange change = {.pipeline = pipeline};

	if (isnull)
		return;
	raw = table_open(pipeline->source, AccessShareLock);
	change.raw = raw;
	source_change_remove(&change, find_column(pipeline, TextDatumGetCString(about)));
	apply_change(&change);
	table_close(raw, NoLock);
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
		time < pipeline->sealed_before)
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
