/*
 * tracking_plan.c
 *		sessionize.apply_tracking_plan(): the contracts and naming rules of a pipeline out of one
 *		document.
 *
 * A dry run does everything and undoes it, so that it finds all errors.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "catalog/pipeline_contracts.h"
#include "catalog/pipeline_function.h"
#include "commands/contract_check.h"
#include "commands/contract_rules.h"
#include "commands/contracts.h"
#include "commands/document.h"
#include "commands/naming.h"
#include "commands/own_columns.h"
#include "utils/subtransaction.h"

static const DocumentKind contract_kind = {"create_contract", 1, "a contract"};

#define CONTRACT_EXAMPLE                                                                           \
	"{\"event_name\": \"order_completed\", \"version\": \"1-0-0\", \"schema\": {\"type\": "        \
	"\"object\"}}"

/* A version of a contract in a plan. */
typedef struct Planned
{
	Contract contract;
	bool activate;
} Planned;

/* What is done. */
typedef struct PlanAction
{
	const char *action;
	const Contract *contract; /* NULL: naming rules */
	const char *detail;
} PlanAction;

/* The work of one call. */
typedef struct Application
{
	Pipeline *pipeline;
	const Jsonb *plan;
	bool is_tried;
	ContractChange change;
	List *planned; /* Planned * */
	List *actions; /* PlanAction * */
} Application;

/*
 * add_action notes what is done.
 */
static void
add_action(Application *application, const char *action, const Contract *contract,
		   const char *detail)
{
	PlanAction *added = palloc(sizeof(PlanAction));

	*added = (PlanAction){action, contract, detail};
	application->actions = lappend(application->actions, added);
}

/*
 * report_contract names the contract that an error is about, as an error context callback.
 */
static void
report_contract(void *arg)
{
	const Contract *contract = arg;

	errcontext("version %s of the %s in the tracking plan", contract->version,
			   contract_text(&contract->name));
}

/*
 * get_member returns a member of the plan; false if it is missing.
 */
static bool
get_member(const Jsonb *plan, const char *key, JsonbValue *value)
{
	return getKeyJsonValueFromContainer(unconstify(JsonbContainer *, &plan->root), key,
										(int) strlen(key), value) != NULL;
}

/*
 * check_keys reports a plan that is no object, or has a key that means nothing.
 */
static void
check_keys(const Jsonb *plan)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;

	if (!JB_ROOT_IS_OBJECT(plan))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a tracking plan must be an object"),
						errhint("SELECT sessionize.tracking_plan(...) shows the plan of a "
								"pipeline there is.")));
	iterator = JsonbIteratorInit(unconstify(JsonbContainer *, &plan->root));
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		char *key;

		if (token != WJB_KEY)
			continue;
		key = pnstrdup(value.val.string.val, value.val.string.len);
		if (strcmp(key, "contracts") != 0 && strcmp(key, "naming") != 0 &&
			strcmp(key, "rules") != 0)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("a tracking plan has no key \"%s\"", key),
							errhint("Its keys are contracts, naming and rules.")));
	}
}

/*
 * same_contract tells whether two versions are of one contract.
 */
static bool
same_contract(const Contract *a, const Contract *b)
{
	return own_same_text(a->name.event_name, b->name.event_name) &&
		   strcmp(a->name.about, b->name.about) == 0;
}

/*
 * check_planned reports a version that does not go with another one of the plan.
 */
static void
check_planned(const Planned *planned, const Planned *other)
{
	const Contract *contract = &planned->contract;

	if (!same_contract(contract, &other->contract))
		return;
	if (strcmp(contract->version, other->contract.version) == 0)
		ereport(ERROR, (errcode(ERRCODE_DUPLICATE_OBJECT),
						errmsg("the tracking plan has version %s of the %s twice",
							   contract->version, contract_text(&contract->name)),
						errhint("Leave one of them out.")));
	if (planned->activate && other->activate)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the tracking plan has versions %s and %s of the %s active",
						other->contract.version, contract->version, contract_text(&contract->name)),
				 errhint("At most one version of a contract is active: say \"activate\": false "
						 "for the others.")));
}

/*
 * read_contract adds a version of a contract to those of the plan.
 */
static void
read_contract(Application *application, const JsonbValue *element)
{
	List *members = document_object(&contract_kind, CONTRACT_EXAMPLE, element);
	FunctionCallInfo call = document_call(&contract_kind, members);
	Planned *planned = palloc(sizeof(Planned));
	bool is_named = false;
	ListCell *cell;

	/* all events are meant by null, and not by a key that was forgotten */
	foreach (cell, members)
		is_named |= strcmp(((const DocumentMember *) lfirst(cell))->key, "event_name") == 0;
	if (!is_named)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a contract of the tracking plan has no key \"event_name\""),
						errhint("A contract for all events has \"event_name\": null.")));
	planned->contract = contract_of_call(call, &planned->activate);
	foreach (cell, application->planned)
		check_planned(planned, lfirst(cell));
	application->planned = lappend(application->planned, planned);
}

/*
 * read_contracts reads the contracts of the plan.
 */
static void
read_contracts(Application *application, const JsonbValue *array)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;

	if (array->type != jbvBinary || !JsonContainerIsArray(array->val.binary.data))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the value of \"contracts\" in a tracking plan must be an array"),
						errhint("For instance: \"contracts\": [%s]", CONTRACT_EXAMPLE)));
	iterator = JsonbIteratorInit(array->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
		if (token == WJB_ELEM)
			read_contract(application, &value);
}

/*
 * find_planned returns the version of the plan that a registered one is; NULL if there is none.
 */
static const Planned *
find_planned(const Application *application, const Contract *contract)
{
	ListCell *cell;

	foreach (cell, application->planned)
	{
		const Planned *planned = lfirst(cell);

		if (same_contract(&planned->contract, contract) &&
			strcmp(planned->contract.version, contract->version) == 0)
			return planned;
	}
	return NULL;
}

/*
 * drop_others drops the versions that the plan has not: those that refer to others first.
 */
static void
drop_others(Application *application)
{
	Pipeline *pipeline = application->pipeline;
	List *others = NIL;
	ListCell *cell;

	foreach (cell, contract_all(pipeline->id))
	{
		Contract *contract = lfirst(cell);

		if (find_planned(application, contract) != NULL)
			continue;
		if (contract->is_active)
			(void) contract_activate(&application->change, &contract->name, 0);
		contract->is_active = false;
		others = lappend(others, contract);
	}
	while (others != NIL)
	{
		const Contract *next = linitial(others);

		/* if something that stays refers to all of them, the first one's error says so */
		foreach (cell, others)
			if (contract_referrers(pipeline->id, ((const Contract *) lfirst(cell))->number) == NIL)
			{
				next = lfirst(cell);
				break;
			}
		contract_drop(&application->change, &application->pipeline, next);
		add_action(application, "drop", next, NULL);
		others = list_delete_ptr(others, unconstify(Contract *, next));
	}
}

/*
 * apply_contract registers a version of the plan, or changes it.
 */
static void
apply_contract(Application *application, Contract *contract)
{
	ErrorContextCallback callback = {error_context_stack, report_contract, contract};
	Pipeline *pipeline = application->pipeline;
	const Contract *present;

	CHECK_FOR_INTERRUPTS();
	error_context_stack = &callback;
	present = contract_find(pipeline->id, &contract->name, contract->version);
	if (present == NULL)
	{
		contract_register(&application->change, &application->pipeline, contract);
		add_action(application, "register", contract, NULL);
	}
	else
	{
		const char *differences = contract_differences(present, contract);

		contract_check_same_schema(present, contract);
		contract->number = present->number;
		contract->is_active = present->is_active;
		if (contract_alter(&application->change, present, contract))
			add_action(application, "alter", contract, differences);
	}
	error_context_stack = callback.previous;
}

/*
 * apply_active has the version of a contract be active that the plan has active.
 */
static void
apply_active(Application *application, const ContractName *name, const List *versions)
{
	const Contract *wanted = NULL;
	const Contract *present = NULL;
	ListCell *cell;

	foreach (cell, versions)
	{
		const Contract *version = lfirst(cell);

		if (version->is_active)
			present = version;
		if (find_planned(application, version)->activate)
			wanted = version;
	}
	if (wanted == present ||
		!contract_activate(&application->change, name, wanted == NULL ? 0 : wanted->number))
		return;
	if (wanted != NULL)
		add_action(application, "activate", wanted, NULL);
	else
		add_action(application, "deactivate", present, NULL);
}

/*
 * is_changed tells whether versions of a contract have come, changed or gone.
 */
static bool
is_changed(const Application *application, const Contract *contract)
{
	ListCell *cell;

	foreach (cell, application->actions)
		if (same_contract(((const PlanAction *) lfirst(cell))->contract, contract))
			return true;
	return false;
}

/*
 * check_promises reports a version of a contract that is not compatible as it promises.
 */
static void
check_promises(const Application *application, const List *versions)
{
	ErrorContextCallback callback = {error_context_stack, report_contract, NULL};
	ListCell *cell;

	error_context_stack = &callback;
	foreach (cell, versions)
	{
		callback.arg = lfirst(cell);
		contract_check_compatible(application->pipeline, lfirst(cell), versions);
	}
	error_context_stack = callback.previous;
}

/*
 * finish_contract does what concerns all versions of a contract, at the first one of the plan.
 */
static void
finish_contract(Application *application, const Planned *planned)
{
	const Contract *contract = &planned->contract;
	bool changed = is_changed(application, contract);
	List *versions;
	ListCell *cell;

	foreach (cell, application->planned)
	{
		const Planned *other = lfirst(cell);

		if (other == planned)
			break;
		if (same_contract(&other->contract, contract))
			return;
	}
	versions = contract_versions(application->pipeline->id, &contract->name);
	apply_active(application, &contract->name, versions);
	if (changed)
		check_promises(application, versions);
}

/*
 * apply_contracts makes the contracts those of the plan.
 */
static void
apply_contracts(Application *application)
{
	JsonbValue contracts;
	ListCell *cell;

	if (!get_member(application->plan, "contracts", &contracts))
		return;
	read_contracts(application, &contracts);
	drop_others(application);
	foreach (cell, application->planned)
		apply_contract(application, &((Planned *) lfirst(cell))->contract);
	foreach (cell, application->planned)
		finish_contract(application, lfirst(cell));
}

/* The objects of a plan whose values are texts. */
typedef struct TextObject
{
	const char *key;
	const char *what; /* what a value is, in messages */
	const char *keys[2];
	const char *example;
} TextObject;

static const TextObject naming_object = {
	"naming", "naming rule for", {NAMING_EVENT, NAMING_PROPERTY}, "\"event\": \"object_action\""};
static const TextObject rules_object = {
	"rules", "contract rule", {"contract_version", "unplanned"}, "\"unplanned\": \"warn\""};

/*
 * get_object returns an object of the plan; false if it is missing.
 */
static bool
get_object(const Jsonb *plan, const TextObject *object, JsonbValue *value)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue member;

	if (!get_member(plan, object->key, value))
		return false;
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the value of \"%s\" in a tracking plan must be an object", object->key),
				 errhint("For instance: \"%s\": {%s}", object->key, object->example)));
	iterator = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &member, true)) != WJB_DONE)
	{
		char *key;

		if (token != WJB_KEY)
			continue;
		key = pnstrdup(member.val.string.val, member.val.string.len);
		if (strcmp(key, object->keys[0]) != 0 && strcmp(key, object->keys[1]) != 0)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("a tracking plan has no %s \"%s\"", object->what, key),
							errhint("There are the keys \"%s\" and \"%s\".", object->keys[0],
									object->keys[1])));
	}
	return true;
}

/*
 * get_text returns the text of a key of an object of the plan; NULL if there is none.
 */
static char *
get_text(const JsonbValue *value, const TextObject *object, const char *key)
{
	JsonbValue member;

	if (getKeyJsonValueFromContainer(value->val.binary.data, key, (int) strlen(key), &member) ==
			NULL ||
		member.type == jbvNull)
		return NULL;
	if (member.type != jbvString)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the %s \"%s\" in a tracking plan must be a string", object->what, key),
				 errhint("For instance: \"%s\": {%s}", object->key, object->example)));
	return pnstrdup(member.val.string.val, member.val.string.len);
}

/*
 * apply_rules makes the contract rules those of the plan.
 */
static void
apply_rules(Application *application)
{
	ContractRules rules;
	JsonbValue object;

	if (!get_object(application->plan, &rules_object, &object))
		return;
	rules.version = get_text(&object, &rules_object, "contract_version");
	rules.unplanned = get_text(&object, &rules_object, "unplanned");
	if (rules.unplanned == NULL)
		rules.unplanned = contract_mode_name(CONTRACT_COUNT);
	if (contract_rules_set(&application->change, application->pipeline, &rules))
		add_action(application, "set_contract_rules", NULL,
				   psprintf("contract_version: %s, unplanned: %s",
							rules.version == NULL ? "none" : rules.version, rules.unplanned));
}

/*
 * apply_naming makes the naming rules those of the plan.
 */
static void
apply_naming(Application *application)
{
	JsonbValue object;

	if (!get_object(application->plan, &naming_object, &object))
		return;
	for (Size i = 0; i < lengthof(naming_object.keys); i++)
	{
		const char *what = naming_object.keys[i];
		const char *rule = get_text(&object, &naming_object, what);

		if (naming_set(application->pipeline, what, rule))
			add_action(application, "set_naming_rule", NULL,
					   psprintf("%s: %s", what, rule == NULL ? "none" : rule));
	}
}

/*
 * apply_plan applies the plan.
 */
static void
apply_plan(void *arg)
{
	Application *application = arg;

	check_keys(application->plan);
	application->change = contract_change_begin(application->pipeline);
	apply_contracts(application);
	apply_rules(application);
	apply_naming(application);
	contract_change_end(&application->change, application->is_tried);
}

/*
 * put_text sets a column of the result to a text; NULL becomes NULL.
 */
static void
put_text(Datum *values, bool *nulls, int column, const char *text)
{
	nulls[column] = text == NULL;
	values[column] = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

/*
 * put_actions makes what is done the result of the function.
 */
static void
put_actions(const ReturnSetInfo *result, const List *actions)
{
	ListCell *cell;

	foreach (cell, actions)
	{
		const PlanAction *action = lfirst(cell);
		const Contract *contract = action->contract;
		Datum values[5];
		bool nulls[5];

		put_text(values, nulls, 0, action->action);
		put_text(values, nulls, 1, contract == NULL ? NULL : contract->name.event_name);
		put_text(values, nulls, 2, contract == NULL ? NULL : contract->version);
		put_text(values, nulls, 3, contract == NULL ? NULL : contract->name.about);
		put_text(values, nulls, 4, action->detail);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/*
 * sessionize_apply_tracking_plan makes the contracts and naming rules those of a document.
 */
PIPELINE_FUNCTION(sessionize_apply_tracking_plan)
{
	Application application = {0};

	application.pipeline = contract_lock_pipeline(fcinfo, "sessionize.apply_tracking_plan()");
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("plan and dry_run must not be null"),
						errhint("SELECT sessionize.tracking_plan(...) shows the plan of a "
								"pipeline there is.")));
	application.plan = PG_GETARG_JSONB_P(1);
	application.is_tried = PG_GETARG_BOOL(2);
	if (application.is_tried)
		run_and_undo(apply_plan, &application);
	else
		apply_plan(&application);
	InitMaterializedSRF(fcinfo, 0);
	put_actions((const ReturnSetInfo *) fcinfo->resultinfo, application.actions);
	PG_RETURN_NULL();
}
