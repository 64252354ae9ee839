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
#include "utils/text_view.h"

/* The reading of the raw rows whose keys are to be derived anew. */
typedef struct Marking
{
	const Pipeline *pipeline;
	SourceMapping *mapping;
	DirtyLog log;
	bool all_events;
	TextView *names; /* of the events, in their order, unless all are meant */
	int nnames;
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
contract_document_ensure(Pipeline **pipeline, const char *about)
{
	int16 number = find_document(*pipeline, about);

	if (number == 0)
	{
		number = insert_document(*pipeline, about);
		contract_column_add(*pipeline, psprintf(CONTRACT_DOCUMENT "%d", number), about);
		*pipeline = own_load_changed(*pipeline);
	}
	return number;
}

/*
 * contract_document_release drops a document that no contract uses any more.
 */
void
contract_document_release(Pipeline **pipeline, int16 number)
{
	bool isnull;
	Datum about = extension_value(
		"WITH d AS (SELECT o.pipeline_id, o.number, o.expression FROM sessionize.contract_document "
		"AS o WHERE o.pipeline_id = $1 AND o.number = $2 AND NOT EXISTS (SELECT FROM "
		"sessionize.contract AS c WHERE c.pipeline_id = $1 AND c.document = $2)), "
		"u AS (UPDATE sessionize.contract_document AS t SET expression = NULL FROM d "
		"WHERE t.pipeline_id = d.pipeline_id AND t.number = d.number) "
		"SELECT d.expression FROM d",
		SQL_READ_WRITE, SQL_VALUES(SQL_INT4((*pipeline)->id), SQL_INT4(number)), &isnull);

	if (isnull)
		return;
	contract_column_remove(*pipeline, CONTRACT_DOCUMENT, TextDatumGetCString(about));
	*pipeline = own_load_changed(*pipeline);
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
 * compare_names orders two names.  For qsort and bsearch.
 */
static int
compare_names(const void *a, const void *b)
{
	const TextView *x = a;
	const TextView *y = b;
	int order = memcmp(x->data, y->data, Min(x->len, y->len));

	return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

/*
 * is_judged_name tells whether a row is an event whose judgement may have changed.
 */
static inline bool
is_judged_name(const Marking *marking, const SourceRow *row)
{
	const text *name;
	TextView view;

	if (marking->all_events)
		return true;
	if (row->isnull[SRC_EVENT_NAME])
		return false;
	name = DatumGetTextPP(row->values[SRC_EVENT_NAME]);
	view = (TextView){VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)};
	return bsearch(&view, marking->names, marking->nnames, sizeof(TextView), compare_names) != NULL;
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
 * take_names sets the names of the events whose keys are marked; a NULL among them means all.
 */
static void
take_names(Marking *marking, const List *names)
{
	ListCell *cell;

	marking->names = palloc(Max(list_length(names), 1) * sizeof(TextView));
	foreach (cell, names)
	{
		const char *name = lfirst(cell);

		ereport(DEBUG1,
				(name == NULL ? errmsg_internal("contracts: all events are judged anew")
							  : errmsg_internal("contracts: events \"%s\" are judged anew", name)));
		if (name == NULL)
			marking->all_events = true;
		else
			marking->names[marking->nnames++] = (TextView){name, (uint32) strlen(name)};
	}
	qsort(marking->names, marking->nnames, sizeof(TextView), compare_names);
}

/*
 * mark_keys has the keys with events of these names derived anew.
 *
 * A row that this transaction does not see is logged when its own transaction commits, and is
 * judged by the contracts of then.  No refresh or rebuild is at work that has loaded the contracts
 * before the change: the caller's lock keeps them away.  An interrupted rebuild begins anew, since
 * the contracts belong to the definition.
 */
static void
mark_keys(const Pipeline *pipeline, const List *names, bool is_tried)
{
	Marking marking = {.pipeline = pipeline};
	OwnerScope scope;

	take_names(&marking, names);
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
	if (!is_tried && !try_in_subtransaction(read_fast, &marking, NULL))
		source_read_safe(pipeline, marking.mapping, NULL, mark_row, &marking);
	owner_scope_leave(&scope);
	PopActiveSnapshot();
}

/*
 * contract_change_begin begins a change.
 */
ContractChange
contract_change_begin(Pipeline *pipeline)
{
	return (ContractChange){.pipeline = pipeline, .presence = contract_presence(pipeline->id)};
}

/*
 * contract_change_note notes which events may be judged otherwise.
 */
void
contract_change_note(ContractChange *change, const char *event_name, bool is_active)
{
	List **names = is_active ? &change->judged : &change->registered;
	char *name = event_name == NULL ? NULL : pstrdup(event_name);

	*names = lappend(*names, name);
}

/*
 * keeps_out_unplanned tells whether events without a contract are quarantined, if there are
 * contracts at all.
 */
static bool
keeps_out_unplanned(const Pipeline *pipeline)
{
	return pipeline->contracts != NULL && pipeline->contracts->unplanned == CONTRACT_QUARANTINE;
}

/*
 * changed_names returns the names of the events that may be judged otherwise than before, NULL for
 * all; NIL if there are none.
 */
static List *
changed_names(const ContractChange *change, const Pipeline *changed)
{
	const Pipeline *pipeline = change->pipeline;
	bool are_named = contract_versions_are_named(pipeline) || contract_versions_are_named(changed);
	ContractPresence counts = are_named ? CONTRACTS_REGISTERED : CONTRACTS_ACTIVE;
	List *names = list_copy(change->judged);

	if (are_named)
		names = list_concat(names, change->registered);
	if (change->all_events)
		return changed->contracts == NULL && pipeline->contracts == NULL ? NIL : list_make1(NULL);
	/* whether events without a contract are unplanned depends on whether there are any that count */
	if (names != NIL && (keeps_out_unplanned(pipeline) || keeps_out_unplanned(changed)) &&
		(change->presence >= counts) != (contract_presence(pipeline->id) >= counts))
		return list_make1(NULL);
	return names;
}

/*
 * contract_change_end has what follows from a change done.
 */
void
contract_change_end(const ContractChange *change, bool is_tried)
{
	const Pipeline *changed;
	const List *names;

	if (!change->all_events && !change->is_rejection && change->judged == NIL &&
		change->registered == NIL)
		return;
	changed = own_load_changed(change->pipeline);
	names = changed_names(change, changed);
	if (names != NIL)
		mark_keys(changed, names, is_tried);
	if (is_tried)
		reject_trigger_check(changed);
	else
		reject_trigger_change(change->pipeline, changed);
}
