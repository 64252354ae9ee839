/*
 * reject_gate.c
 *		Judging a row before it comes into the raw table, by contracts of mode "reject".
 *
 * The row is judged by the code that judges raw rows when they are derived (row_validate.h), so
 * that a rejected row is one that would have been quarantined. Of the pipeline's columns only those
 * are read that this needs, and for an event that no contract of mode "reject" is about only its
 * name.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tupconvert.h"
#include "access/xact.h"
#include "mb/pg_wchar.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "capture/capture_column.h"
#include "capture/reject_gate.h"
#include "catalog/contract_catalog.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_contracts.h"
#include "catalog/raw_tree.h"
#include "compat.h"
#include "source/contract_judge.h"
#include "source/record.h"
#include "source/row_validate.h"
#include "source/source_mapping.h"
#include "spi/scope.h"
#include "utils/subtransaction.h"

/* So many bytes of an id are shown in an error. */
#define ID_SHOWN 256

struct RejectGate
{
	int32 id; /* of the pipeline: the key in the cache */
	bool is_valid;
	uint64 version;  /* a new number whenever the gate is looked up */
	bool is_changed; /* changed since the last look-up began */
	bool is_open;    /* no row is rejected */
	bool is_busy;    /* a row is being judged */
	Oid raw_table;   /* the gate is invalid when raw_table or view changes */
	Oid view;
	MemoryContext context; /* of what follows */
	MemoryContext row_context;
	Pipeline *pipeline;
	Oid row_type;
	TupleTableSlot *slot;
	ContractJudge *judge;
	RecordFormat format;
	int ncolumns;
	CaptureColumn columns[SRC_MAX_COLUMNS]; /* unset unless needed */
	bool is_needed[SRC_MAX_COLUMNS];
};

/* A row that is being read while expressions are evaluated that may fail. */
typedef struct Reading
{
	RejectGate *gate;
	SourceRow row;
	int from; /* the columns to read */
	int until;
} Reading;

static HTAB *gates = NULL;
static uint64 last_version = 0;
static bool any_open = false;

/*
 * at_relation_change forgets the gates that depend on a relation (InvalidOid: all).
 */
static void
at_relation_change(Datum arg pg_attribute_unused(), Oid relation)
{
	HASH_SEQ_STATUS scan;
	RejectGate *gate;

	if (gates == NULL)
		return;
	hash_seq_init(&scan, gates);
	while ((gate = hash_seq_search(&scan)) != NULL)
		if (!OidIsValid(relation) || relation == gate->raw_table || relation == gate->view)
		{
			gate->is_valid = false;
			gate->is_changed = true;
		}
}

/*
 * at_transaction_end forgets that gates are open, since nothing tells when a pipeline appears.
 */
static void
at_transaction_end(XactEvent event, void *arg pg_attribute_unused())
{
	HASH_SEQ_STATUS scan;
	RejectGate *gate;

	if (!any_open ||
		(event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE))
		return;
	any_open = false;
	hash_seq_init(&scan, gates);
	while ((gate = hash_seq_search(&scan)) != NULL)
		if (gate->is_open)
			gate->is_valid = false;
}

/*
 * reject_gate_install registers the callbacks for changed relations and for a transaction's end.
 */
void
reject_gate_install(void)
{
	CacheRegisterRelcacheCallback(at_relation_change, (Datum) 0);
	RegisterXactCallback(at_transaction_end, NULL);
}

/*
 * need_columns notes which columns the judgement of a row depends on.
 */
static void
need_columns(RejectGate *gate)
{
	static const SourceColumn always[] = {SRC_SESSION_KEY, SRC_EVENT_ID,   SRC_RAW_ID,
										  SRC_EVENT_NAME,  SRC_FILTER,     SRC_OCCURRED_AT,
										  SRC_SENT_AT,     SRC_RECEIVED_AT};
	const PipelineContracts *contracts = gate->pipeline->contracts;

	memset(gate->is_needed, false, sizeof(gate->is_needed));
	for (Size i = 0; i < lengthof(always); i++)
		gate->is_needed[always[i]] = true;
	for (ZoneRule rule = 0; rule < ZONE_RULES; rule++)
		if (gate->pipeline->zone_by_row[rule])
			gate->is_needed[zone_column(rule)] = true;
	for (int i = 0; i < contracts->count; i++)
		if (contracts->list[i].mode == CONTRACT_REJECT)
			gate->is_needed[contracts->list[i].column] = true;
	if (contracts->version >= 0)
		gate->is_needed[contracts->version] = true;
}

/*
 * prepare_columns prepares the columns that are needed.
 */
static void
prepare_columns(RejectGate *gate, const SourceMapping *mapping, Relation raw)
{
	gate->ncolumns = mapping->ncolumns;
	for (int i = 0; i < mapping->ncolumns; i++)
	{
		bool is_read = gate->is_needed[i] && mapping->is_mapped[i];

		capture_column_init(&gate->columns[i], is_read ? source_expression(mapping, i) : NULL,
							mapping->varno, RelationGetRelid(raw), raw);
		gate->is_needed[i] = is_read;
	}
}

/*
 * prepare prepares to judge rows, as the pipeline's owner, since simplifying an expression calls
 * its functions.
 */
static void
prepare(void *arg)
{
	RejectGate *gate = arg;
	Pipeline *pipeline = gate->pipeline;
	SourceMapping *mapping;
	Relation raw;
	OwnerScope scope;

	role_scope_enter(&scope, pipeline->owner);
	raw = table_open(pipeline->source, AccessShareLock);
	mapping = pipeline_load_types(pipeline) ? source_mapping_find(pipeline) : NULL;
	if (mapping != NULL)
	{
		need_columns(gate);
		prepare_columns(gate, mapping, raw);
		record_format_init(&gate->format, pipeline->types, pipeline->ncolumns,
						   pipeline->zone_by_row);
		gate->format.judged_since = pipeline->judged_since;
		gate->format.by_receipt = !mapping->is_mapped[SRC_OCCURRED_AT];
		gate->judge = contract_judge_create(pipeline->contracts, JUDGE_INSERTS);
		gate->format.judge = gate->judge;
		gate->row_type = raw->rd_rel->reltype;
		gate->slot = MakeSingleTupleTableSlot(CreateTupleDescCopyConstr(RelationGetDescr(raw)),
											  &TTSOpsHeapTuple);
		gate->is_open = false;
	}
	table_close(raw, AccessShareLock);
	owner_scope_leave(&scope);
}

/*
 * fill makes the gate of a pipeline that has contracts of mode "reject".
 */
static void
fill(RejectGate *gate)
{
	MemoryContext caller = MemoryContextSwitchTo(gate->context);

	gate->pipeline = pipeline_find_now(gate->id);
	if (gate->pipeline != NULL && OidIsValid(gate->pipeline->source))
	{
		gate->raw_table = gate->pipeline->source;
		gate->view = gate->pipeline->source_view;
		gate->row_context =
			AllocSetContextCreate(gate->context, "sessionize rejected row", ALLOCSET_DEFAULT_SIZES);
		if (pipeline_contracts_reject(gate->pipeline->contracts) &&
			try_for_others(prepare, gate) != TRY_DONE)
			gate->is_open = true;
	}
	MemoryContextSwitchTo(caller);
}

/*
 * look_up makes a gate valid. It stays invalid if a relation that it depends on changes meanwhile.
 */
static void
look_up(RejectGate *gate)
{
	if (gate->context != NULL)
		MemoryContextDelete(gate->context);
	gate->context =
		AllocSetContextCreate(TopMemoryContext, "sessionize gate", ALLOCSET_DEFAULT_SIZES);
	gate->is_changed = false;
	gate->is_open = true;
	gate->raw_table = gate->view = InvalidOid;
	gate->version = ++last_version;
	fill(gate);
	gate->is_valid = !gate->is_changed;
	any_open |= gate->is_open;
}

/*
 * find_gate returns the cache entry for a pipeline, valid or not.
 */
static RejectGate *
find_gate(int32 pipeline)
{
	RejectGate *gate;
	bool found;

	if (gates == NULL)
	{
		HASHCTL control = {
			.keysize = sizeof(int32), .entrysize = sizeof(RejectGate), .hcxt = TopMemoryContext};

		gates = hash_create("sessionize gates", 4, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	gate = hash_search(gates, &pipeline, HASH_ENTER, &found);
	if (!found)
	{
		memset(gate, 0, sizeof(*gate));
		gate->id = pipeline;
	}
	if (gate->is_busy)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
						errmsg("an expression of pipeline \"%s\" inserts into the table of its raw "
							   "rows",
							   gate->pipeline->name),
						errhint("Give the pipeline an immutable expression.")));
	return gate;
}

/*
 * reject_gate returns the gate of a pipeline.
 */
RejectGate *
reject_gate(int32 pipeline, uint64 *version)
{
	RejectGate *gate = find_gate(pipeline);

	if (!gate->is_valid)
		look_up(gate);
	*version = gate->is_valid ? gate->version : 0;
	return gate->is_open ? NULL : gate;
}

/*
 * reject_gate_is_current tells whether a gate is unchanged since it had this version.
 */
bool
reject_gate_is_current(const RejectGate *gate, uint64 version)
{
	return gate->is_valid && gate->version == version;
}

/*
 * reject_gate_takes tells whether a type is that of the raw table's rows.
 */
bool
reject_gate_takes(const RejectGate *gate, Oid row_type)
{
	return row_type == gate->row_type;
}

/*
 * reject_gate_convert returns a row of a relation as a row of the raw table.
 */
HeapTuple
reject_gate_convert(const RejectGate *gate, Relation relation, HeapTuple row)
{
	TupleConversionMap *map;

	if (RelationGetRelid(relation) == gate->raw_table)
		return row;
	if (!raw_tree_has(gate->raw_table, relation))
		return NULL;
	map = convert_tuples_by_name(RelationGetDescr(relation), gate->slot->tts_tupleDescriptor);
	return map == NULL ? row : execute_attr_map_tuple(row, map);
}

/*
 * read_column reads a column of the row.
 */
static inline void
read_column(Reading *reading, int i)
{
	reading->row.values[i] = capture_column_read(&reading->gate->columns[i], reading->gate->slot,
												 &reading->row.isnull[i]);
}

/*
 * read_guarded reads the columns whose expressions may fail.
 */
static void
read_guarded(void *arg)
{
	Reading *reading = arg;

	for (int i = reading->from; i < reading->until; i++)
	{
		const CaptureColumn *column = &reading->gate->columns[i];
		OwnerScope scope;

		if (!reading->gate->is_needed[i] || !column->is_guarded)
			continue;
		if (column->is_users)
			role_scope_enter(&scope, reading->gate->pipeline->owner);
		read_column(reading, i);
		if (column->is_users)
			owner_scope_leave(&scope);
	}
}

/*
 * read_columns reads some of the columns; false if an expression fails.
 */
static bool
read_columns(Reading *reading, int from, int until)
{
	bool any_guarded = false;

	for (int i = from; i < until; i++)
	{
		if (!reading->gate->is_needed[i])
			continue;
		any_guarded |= reading->gate->columns[i].is_guarded;
		if (!reading->gate->columns[i].is_guarded)
			read_column(reading, i);
	}
	reading->from = from;
	reading->until = until;
	return !any_guarded || try_for_others(read_guarded, reading) == TRY_DONE;
}

/*
 * shown_id returns an id of the row as text, shortened if it is long; NULL if there is none.
 */
static char *
shown_id(const RejectGate *gate, const SourceRow *row, SourceColumn column)
{
	Oid function;
	bool is_varlena;
	char *text;

	if (row->isnull[column])
		return NULL;
	getTypeOutputInfo(gate->pipeline->types[column], &function, &is_varlena);
	text = OidOutputFunctionCall(function, row->values[column]);
	text[pg_mbcliplen(text, (int) strlen(text), ID_SHOWN)] = '\0';
	return text;
}

/*
 * row_text says which row it is.
 */
static char *
row_text(const RejectGate *gate, const SourceRow *row)
{
	char *raw_id = shown_id(gate, row, SRC_RAW_ID);
	char *event_id = shown_id(gate, row, SRC_EVENT_ID);

	return event_id == NULL ? psprintf("raw id \"%s\"", raw_id)
							: psprintf("raw id \"%s\" and event id \"%s\"", raw_id, event_id);
}

/*
 * alter_call returns the call that has such rows quarantined.
 */
static char *
alter_call(const Pipeline *pipeline, const JudgedContract *contract)
{
	const AttributeDefinition *document =
		&pipeline->definition->attributes[contract->column - SRC_NCOLUMNS];
	ContractName name = {contract->event_name, document->given};

	return contract_call(pipeline->name, "alter_contract", &name, contract->version,
						 "mode => 'quarantine'");
}

/*
 * report_rejected raises the error about a row that violates a contract.
 */
pg_noreturn static void
report_rejected(const RejectGate *gate, const SourceRow *row, const RowFault *fault)
{
	const Pipeline *pipeline = gate->pipeline;
	char *event = shown_id(gate, row, SRC_EVENT_NAME);

	ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
					event == NULL
						? errmsg("an event without a name violates a contract of pipeline \"%s\"",
								 pipeline->name)
						: errmsg("event \"%s\" violates a contract of pipeline \"%s\"", event,
								 pipeline->name),
					errdetail("%s. The row has %s.", fault->detail, row_text(gate, row)),
					errhint("Correct the event and insert it again. To have such rows kept in the "
							"quarantine instead: %s",
							alter_call(pipeline, fault->verdict.contract)),
					err_generic_string(PG_DIAG_SCHEMA_NAME,
									   get_namespace_name(get_rel_namespace(gate->raw_table))),
					err_generic_string(PG_DIAG_TABLE_NAME, get_rel_name(gate->raw_table))));
}

/*
 * judge judges the row in the gate's slot.
 */
static void
judge(RejectGate *gate)
{
	Reading reading = {.gate = gate};
	SourceRow *row = &reading.row;
	RecordParts parts;
	Size size;
	RowFault fault;

	memset(row->isnull, true, gate->ncolumns * sizeof(bool));
	row->isnull[SRC_FILTER] = false;
	row->values[SRC_FILTER] = BoolGetDatum(true);
	if (!read_columns(&reading, SRC_EVENT_NAME, SRC_EVENT_NAME + 1) ||
		!contract_judge_concerns(gate->judge, row) || !read_columns(&reading, 0, gate->ncolumns) ||
		source_row_fails(row))
		return;
	if (!row_to_parts(row, &gate->pipeline->clock, &gate->format, &parts, &size, &fault) &&
		row_fault_is_contract(&fault))
		report_rejected(gate, row, &fault);
}

/*
 * reject_gate_judge raises an error if a row is rejected.
 */
void
reject_gate_judge(RejectGate *gate, HeapTuple row)
{
	MemoryContext caller = MemoryContextSwitchTo(gate->row_context);

	ExecStoreHeapTuple(row, gate->slot, false);
	gate->is_busy = true;
	PG_TRY();
	{
		judge(gate);
	}
	PG_FINALLY();
	{
		gate->is_busy = false;
		ExecClearTuple(gate->slot);
		MemoryContextSwitchTo(caller);
	}
	PG_END_TRY();
	MemoryContextReset(gate->row_context);
}
