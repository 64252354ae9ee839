/*
 * contract_rules.c
 *		sessionize.set_contract_rules(): how events find their contracts, and what becomes of those
 *		that have none.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"

#include "catalog/extension_sql.h"
#include "catalog/pipeline_contracts.h"
#include "catalog/pipeline_function.h"
#include "commands/contract_change.h"
#include "commands/contract_columns.h"
#include "commands/contract_rules.h"
#include "commands/contracts.h"
#include "commands/own_columns.h"

/*
 * read_present takes the rules from a row of sessionize.contract_rule.
 */
static void
read_present(void *arg, const SqlRow *row)
{
	*(ContractRules *) arg = (ContractRules){sql_row_text(row, 1), sql_row_text(row, 2)};
}

/*
 * write_rules stores the rules.
 */
static void
write_rules(int32 pipeline, const ContractRules *rules)
{
	extension_run(
		"INSERT INTO sessionize.contract_rule AS r (pipeline_id, version_rule, unplanned) "
		"VALUES ($1, $2, $3) ON CONFLICT (pipeline_id) DO UPDATE SET "
		"version_rule = excluded.version_rule, unplanned = excluded.unplanned",
		SQL_READ_WRITE,
		SQL_VALUES(SQL_INT4(pipeline), SQL_TEXT(rules->version), SQL_TEXT(rules->unplanned)));
}

/*
 * is_unplanned_mode tells whether an argument says what becomes of events without a contract.
 */
static bool
is_unplanned_mode(const char *name)
{
	int mode = name == NULL ? -1 : contract_mode_find(name);

	return mode >= CONTRACT_COUNT && mode <= CONTRACT_QUARANTINE;
}

/*
 * read_rules returns the rules of a pipeline.
 */
static ContractRules
read_rules(const Pipeline *pipeline)
{
	ContractRules rules = {NULL, contract_mode_name(CONTRACT_COUNT)};

	extension_visit("SELECT version_rule, unplanned FROM sessionize.contract_rule "
					"WHERE pipeline_id = $1",
					SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline->id)), read_present, &rules);
	return rules;
}

/*
 * contract_rules_set sets the rules.
 */
bool
contract_rules_set(ContractChange *change, Pipeline *pipeline, const ContractRules *rules)
{
	ContractRules present = read_rules(pipeline);
	bool is_version = !own_same_text(present.version, rules->version);

	if (!is_unplanned_mode(rules->unplanned))
		own_report_choice("unplanned", rules->unplanned, "'count', 'warn' or 'quarantine'");
	if (!is_version && strcmp(present.unplanned, rules->unplanned) == 0)
		return false;
	if (is_version && present.version != NULL)
	{
		contract_column_remove(pipeline, CONTRACT_VERSION, present.version);
		pipeline = own_load_changed(pipeline);
	}
	if (is_version && rules->version != NULL)
		contract_column_add(pipeline, CONTRACT_VERSION, rules->version);
	write_rules(pipeline->id, rules);
	change->all_events = true;
	return true;
}

/*
 * sessionize_set_contract_rules sets the rules, and returns whether they are others now.
 */
PIPELINE_FUNCTION(sessionize_set_contract_rules)
{
	ContractRules rules = {own_text_argument(fcinfo, 1), own_text_argument(fcinfo, 2)};
	ContractChange change;
	bool changed;

	change =
		contract_change_begin(contract_lock_pipeline(fcinfo, "sessionize.set_contract_rules()"));
	changed = contract_rules_set(&change, change.pipeline, &rules);
	contract_change_end(&change, false);
	PG_RETURN_BOOL(changed);
}
