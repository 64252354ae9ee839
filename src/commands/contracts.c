/*
 * contracts.c
 *		sessionize.create_contract(), activate_contract(), deactivate_contract(), alter_contract(),
 *		drop_contract() and contract_violations(): the registry of contracts.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_contracts.h"
#include "catalog/pipeline_function.h"
#include "commands/contract_change.h"
#include "commands/contract_check.h"
#include "commands/contracts.h"
#include "commands/own_columns.h"
#include "contract/walk.h"
#include "utils/arguments.h"

/* The positions of the arguments that several functions have in common. */
enum
{
	ARG_PIPELINE,
	ARG_EVENT_NAME,
	ARG_VERSION
};

/*
 * contract_lock_pipeline returns the pipeline whose contracts a function changes, locked.
 */
Pipeline *
contract_lock_pipeline(FunctionCallInfo fcinfo, const char *function)
{
	PreventCommandIfReadOnly(function);
	if (IsolationUsesXactSnapshot())
		ereport(ERROR, (errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
						errmsg("%s needs the isolation level READ COMMITTED", function),
						errdetail("Contracts that were committed after this transaction's snapshot "
								  "would be missed."),
						errhint("BEGIN ISOLATION LEVEL READ COMMITTED;")));
	return own_lock_pipeline(fcinfo);
}

/*
 * text_argument returns a text argument; NULL for SQL's NULL.
 */
static char *
text_argument(FunctionCallInfo fcinfo, int argno)
{
	return PG_ARGISNULL(argno) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argno));
}

/*
 * time_argument returns an argument that is a time; NULL for SQL's NULL and for infinity.
 */
static const TimestampTz *
time_argument(FunctionCallInfo fcinfo, int argno)
{
	TimestampTz *time;

	if (PG_ARGISNULL(argno) || TIMESTAMP_IS_NOEND(PG_GETARG_TIMESTAMPTZ(argno)))
		return NULL;
	time = palloc(sizeof(TimestampTz));
	*time = PG_GETARG_TIMESTAMPTZ(argno);
	return time;
}

/*
 * name_arguments returns the name of a contract.
 */
static ContractName
name_arguments(FunctionCallInfo fcinfo, int about)
{
	ContractName name = {text_argument(fcinfo, ARG_EVENT_NAME), text_argument(fcinfo, about)};

	contract_check_name(&name);
	return name;
}

/*
 * version_argument returns the version that an argument names.
 */
static char *
version_argument(FunctionCallInfo fcinfo)
{
	char *version = text_argument(fcinfo, ARG_VERSION);

	if (version == NULL)
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("version must not be null"),
						errhint("For instance: version => '1-0-0', or version => '1.0.0'.")));
	return version;
}

/*
 * report_none reports what a pipeline has not.
 */
pg_noreturn static void
report_none(const Pipeline *pipeline, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("pipeline \"%s\" has no %s", pipeline->name, what),
			 errhint("SELECT * FROM sessionize.contracts WHERE pipeline_name = %s; shows those "
					 "there are.",
					 quote_literal_cstr(pipeline->name))));
}

/*
 * find_contract returns the version of a contract that arguments name, and reports one that is not
 * registered.
 */
static Contract *
find_contract(FunctionCallInfo fcinfo, const Pipeline *pipeline, int about)
{
	ContractName name = name_arguments(fcinfo, about);
	char *version = version_argument(fcinfo);
	Contract *contract = contract_find(pipeline->id, &name, version);

	if (contract == NULL)
		report_none(pipeline, psprintf("version %s of the %s", version, contract_text(&name)));
	return contract;
}

/*
 * warn_of_no_names warns that a contract for the events of a name is for none, since the pipeline's
 * events have no names.
 */
static void
warn_of_no_names(const Pipeline *pipeline, const ContractName *name)
{
	PipelineRow row = {0};

	catalog_read_rules(pipeline->id, &row);
	if (name->event_name != NULL && row.given[SRC_EVENT_NAME] == NULL)
		ereport(WARNING,
				(errmsg("no event will be checked by the %s: pipeline \"%s\" maps no event name",
						contract_text(name), pipeline->name),
				 errhint("SELECT sessionize.alter_pipeline(%s, event_name => '...');",
						 quote_literal_cstr(pipeline->name))));
}

/*
 * contract_register registers a version.
 */
void
contract_register(ContractChange *change, Pipeline **present, Contract *contract)
{
	const Pipeline *pipeline = *present;
	List *versions = contract_versions(pipeline->id, &contract->name);
	Relation raw;
	List *refers_to;

	contract_check_mode(contract->mode);
	contract_check_version(contract, versions);
	refers_to = contract_check_schema(pipeline, contract->schema);
	raw = table_open(pipeline->source, AccessShareLock);
	(void) contract_about_parse(raw, contract->name.about);
	table_close(raw, NoLock);
	warn_of_no_names(pipeline, &contract->name);
	contract->document = contract_document_ensure(present, contract->name.about);
	contract_insert((*present)->id, contract, refers_to);
	contract_change_note(change, contract->name.event_name, false);
}

/*
 * contract_activate has a version of a contract be active.
 */
bool
contract_activate(ContractChange *change, const ContractName *name, int32 number)
{
	if (!contract_set_active(change->pipeline->id, name, number))
		return false;
	contract_change_note(change, name->event_name, true);
	return true;
}

/*
 * same_time tells whether two times, NULL for none, are equal.
 */
static bool
same_time(const TimestampTz *a, const TimestampTz *b)
{
	return a == NULL || b == NULL ? a == b : *a == *b;
}

/*
 * contract_differences returns the names of what two versions differ in.
 */
char *
contract_differences(const Contract *a, const Contract *b)
{
	const struct
	{
		const char *name;
		bool differs;
	} arguments[] = {
		{"mode", strcmp(a->mode, b->mode) != 0},
		{"compatibility", strcmp(a->compatibility, b->compatibility) != 0},
		{"contact", !own_same_text(a->contact, b->contact)},
		{"description", !own_same_text(a->description, b->description)},
		{"supersedes", !own_same_text(a->supersedes, b->supersedes)},
		{"deprecated_at", !same_time(a->deprecated_at, b->deprecated_at)},
	};
	StringInfoData list;

	initStringInfo(&list);
	for (Size i = 0; i < lengthof(arguments); i++)
		if (arguments[i].differs)
			appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", arguments[i].name);
	return list.data;
}

/*
 * derived_mode returns what a version means for an event that is in the raw table.
 */
static ContractMode
derived_mode(const Contract *contract)
{
	return contract_mode_derived((ContractMode) contract_mode_find(contract->mode));
}

/*
 * contract_alter changes what is said of a version.
 */
bool
contract_alter(ContractChange *change, const Contract *present, const Contract *wanted)
{
	contract_check_mode(wanted->mode);
	if (contract_differences(present, wanted)[0] == '\0')
		return false;
	contract_check_version(wanted, NIL);
	contract_update(change->pipeline->id, wanted);
	if (derived_mode(present) != derived_mode(wanted))
		contract_change_note(change, wanted->name.event_name, present->is_active);
	change->is_rejection |= strcmp(present->mode, wanted->mode) != 0;
	return true;
}

/*
 * contract_drop drops a version.
 */
void
contract_drop(ContractChange *change, Pipeline **present, const Contract *contract)
{
	const Pipeline *pipeline = *present;
	List *referrers = contract_referrers(pipeline->id, contract->number);

	if (contract->is_active)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
						errmsg("version %s of the %s is active", contract->version,
							   contract_text(&contract->name)),
						errdetail("Events are checked by it."),
						errhint("Activate another version first, or none: %s",
								contract_call(pipeline->name, "deactivate_contract",
											  &contract->name, NULL, NULL))));
	if (referrers != NIL)
	{
		const Contract *referrer = linitial(referrers);

		ereport(ERROR, (errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
						errmsg("version %s of the %s can't be dropped: others refer to it",
							   contract->version, contract_text(&contract->name)),
						errdetail("Version %s of the %s refers to it.", referrer->version,
								  contract_text(&referrer->name)),
						errhint("Drop that one first: %s",
								contract_call(pipeline->name, "drop_contract", &referrer->name,
											  referrer->version, NULL))));
	}
	contract_delete(pipeline->id, contract->number);
	contract_change_note(change, contract->name.event_name, false);
	contract_document_release(present, contract->document);
}

/*
 * contract_of_call returns the version of a contract that create_contract's arguments describe.
 */
Contract
contract_of_call(FunctionCallInfo fcinfo, bool *activate)
{
	Contract contract = {.name = name_arguments(fcinfo, 5),
						 .version = version_argument(fcinfo),
						 .mode = text_argument(fcinfo, 4),
						 .compatibility = contract_read_compatibility(text_argument(fcinfo, 7)),
						 .contact = own_text_argument(fcinfo, 8),
						 .description = own_text_argument(fcinfo, 9),
						 .supersedes = own_text_argument(fcinfo, 10),
						 .deprecated_at = time_argument(fcinfo, 11)};

	contract_check_mode(contract.mode);
	if (PG_ARGISNULL(3))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("schema must not be null"),
						errhint("Give a JSON Schema, such as '{\"type\": \"object\"}'.")));
	contract.schema = PG_GETARG_JSONB_P(3);
	*activate = !PG_ARGISNULL(6) && PG_GETARG_BOOL(6);
	return contract;
}

/*
 * contract_check_same_schema reports a version that is registered with another schema.
 */
void
contract_check_same_schema(const Contract *present, const Contract *given)
{
	if (compareJsonbContainers(unconstify(JsonbContainer *, &present->schema->root),
							   unconstify(JsonbContainer *, &given->schema->root)) != 0)
		ereport(ERROR, (errcode(ERRCODE_DUPLICATE_OBJECT),
						errmsg("version %s of the %s is registered with another schema",
							   given->version, contract_text(&given->name)),
						errdetail("The schema of a version never changes."),
						errhint("Register the schema as a new version.")));
}

/*
 * notice_registered says that a version is registered already, and in what it stays as it is.
 */
static void
notice_registered(const Contract *present, const Contract *given)
{
	char *differences = contract_differences(present, given);

	contract_check_same_schema(present, given);
	ereport(NOTICE,
			(errmsg("version %s of the %s is registered already", given->version,
					contract_text(&given->name)),
			 differences[0] == '\0' ? 0 : errdetail("It stays as it is in: %s.", differences),
			 differences[0] == '\0' ? 0 : errhint("alter_contract() changes these.")));
}

/*
 * sessionize_create_contract registers a version of a contract.
 */
PIPELINE_FUNCTION(sessionize_create_contract)
{
	bool activate;
	Contract contract;
	Contract *present;
	Pipeline *pipeline;
	ContractChange change;
	List *versions;

	pipeline = contract_lock_pipeline(fcinfo, "sessionize.create_contract()");
	contract = contract_of_call(fcinfo, &activate);
	present = contract_find(pipeline->id, &contract.name, contract.version);
	if (present != NULL)
	{
		notice_registered(present, &contract);
		PG_RETURN_BOOL(false);
	}
	change = contract_change_begin(pipeline);
	versions = contract_versions(pipeline->id, &contract.name);
	contract_register(&change, &pipeline, &contract);
	contract_check_compatible(pipeline, &contract, versions);
	contract_check_inserted(pipeline, &contract, versions);
	if (activate)
		(void) contract_activate(&change, &contract.name, contract.number);
	contract_change_end(&change, false);
	PG_RETURN_BOOL(true);
}

/*
 * sessionize_activate_contract has a version of a contract be active.
 */
PIPELINE_FUNCTION(sessionize_activate_contract)
{
	Pipeline *pipeline;
	Contract *contract;
	ContractChange change;
	bool changed;

	pipeline = contract_lock_pipeline(fcinfo, "sessionize.activate_contract()");
	contract = find_contract(fcinfo, pipeline, 3);
	change = contract_change_begin(pipeline);
	changed = contract_activate(&change, &contract->name, contract->number);
	contract_change_end(&change, false);
	PG_RETURN_BOOL(changed);
}

/*
 * sessionize_deactivate_contract has no version of a contract be active.
 */
PIPELINE_FUNCTION(sessionize_deactivate_contract)
{
	Pipeline *pipeline;
	ContractName name;
	ContractChange change;
	bool changed;

	pipeline = contract_lock_pipeline(fcinfo, "sessionize.deactivate_contract()");
	name = name_arguments(fcinfo, 2);
	if (contract_versions(pipeline->id, &name) == NIL)
		report_none(pipeline, contract_text(&name));
	change = contract_change_begin(pipeline);
	changed = contract_activate(&change, &name, 0);
	contract_change_end(&change, false);
	PG_RETURN_BOOL(changed);
}

/*
 * alter_text replaces a text by an argument, unless that is NULL; an empty one removes it.
 */
static void
alter_text(FunctionCallInfo fcinfo, int argno, const char **text)
{
	if (!PG_ARGISNULL(argno))
		*text = own_text_argument(fcinfo, argno);
}

/*
 * sessionize_alter_contract changes what is said of a version of a contract.
 */
PIPELINE_FUNCTION(sessionize_alter_contract)
{
	Pipeline *pipeline;
	ContractChange change;
	Contract *present;
	Contract wanted;

	pipeline = contract_lock_pipeline(fcinfo, "sessionize.alter_contract()");
	present = find_contract(fcinfo, pipeline, 3);
	wanted = *present;
	if (!PG_ARGISNULL(4))
		wanted.mode = text_argument(fcinfo, 4);
	if (!PG_ARGISNULL(5))
		wanted.compatibility = contract_read_compatibility(text_argument(fcinfo, 5));
	alter_text(fcinfo, 6, &wanted.contact);
	alter_text(fcinfo, 7, &wanted.description);
	alter_text(fcinfo, 8, &wanted.supersedes);
	if (!PG_ARGISNULL(9))
		wanted.deprecated_at = time_argument(fcinfo, 9);
	change = contract_change_begin(pipeline);
	if (!contract_alter(&change, present, &wanted))
		PG_RETURN_BOOL(false);
	if (strcmp(present->compatibility, wanted.compatibility) != 0)
		contract_check_compatible(pipeline, &wanted, contract_versions(pipeline->id, &wanted.name));
	contract_change_end(&change, false);
	PG_RETURN_BOOL(true);
}

/*
 * sessionize_drop_contract drops a version of a contract.
 */
PIPELINE_FUNCTION(sessionize_drop_contract)
{
	Pipeline *pipeline;
	ContractChange change;
	const Contract *contract;

	pipeline = contract_lock_pipeline(fcinfo, "sessionize.drop_contract()");
	contract = find_contract(fcinfo, pipeline, 3);
	change = contract_change_begin(pipeline);
	contract_drop(&change, &pipeline, contract);
	contract_check_removed(pipeline, contract, contract_versions(pipeline->id, &contract->name));
	contract_change_end(&change, false);
	PG_RETURN_VOID();
}

/*
 * find_wanted returns the version that contract_violations() is to check by: the one that an
 * argument names, or else the active one.
 */
static const Contract *
find_wanted(FunctionCallInfo fcinfo, const Pipeline *pipeline)
{
	ContractName name = name_arguments(fcinfo, 4);
	const char *version = text_argument(fcinfo, 3);
	ListCell *cell;

	foreach (cell, contract_versions(pipeline->id, &name))
	{
		const Contract *contract = lfirst(cell);

		if (version == NULL ? contract->is_active : strcmp(contract->version, version) == 0)
			return contract;
	}
	report_none(pipeline, version == NULL
							  ? psprintf("active version of a %s", contract_text(&name))
							  : psprintf("version %s of the %s", version, contract_text(&name)));
}

/*
 * put_violations appends violations to the result of a function.
 */
static void
put_violations(const ReturnSetInfo *result, const ViolationList *list)
{
	bool nulls[4] = {false, false, false, false};

	for (uint32 i = 0; i < list->count; i++)
	{
		const Violation *violation = &list->violations[i];
		Datum values[4] = {CStringGetTextDatum(violation->instance_path),
						   CStringGetTextDatum(violation->schema_path),
						   CStringGetTextDatum(violation->keyword),
						   CStringGetTextDatum(violation->message)};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/*
 * sessionize_contract_violations returns what is wrong with a document by a contract.
 */
PIPELINE_FUNCTION(sessionize_contract_violations)
{
	Pipeline *pipeline = pipeline_get(argument_pipeline(fcinfo));
	int32 limit = PG_ARGISNULL(5) ? 0 : PG_GETARG_INT32(5);
	const Contract *contract;
	CachedProgram *program;
	ViolationList list;

	pipeline_check_owner(pipeline);
	contract = find_wanted(fcinfo, pipeline);
	if (limit < 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("\"limit\" must be greater than zero"),
						errhint("Leave it out to get up to 100 violations.")));
	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(2))
		PG_RETURN_NULL();
	program =
		contract_program(contract->schema, contract_documents(pipeline->id, contract->number));
	PG_TRY();
	{
		list = find_violations(cached_program(program), PG_GETARG_JSONB_P(2), (uint32) limit);
	}
	PG_FINALLY();
	{
		cached_program_release(program);
	}
	PG_END_TRY();
	put_violations((const ReturnSetInfo *) fcinfo->resultinfo, &list);
	PG_RETURN_NULL();
}
