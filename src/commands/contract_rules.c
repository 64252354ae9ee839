/*
 * contract_rules.c
 *		sessionize.set_contract_rules(): how events find their contracts, and what becomes of those
 *		that have none.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "capture/reject_trigger.h"
#include "catalog/extension_sql.h"
#include "catalog/pipeline_contracts.h"
#include "commands/contract_change.h"
#include "commands/contract_columns.h"
#include "commands/own_columns.h"

PG_FUNCTION_INFO_V1(sessionize_set_contract_rules);

/* The rules, as the user gave them. */
typedef struct Rules
{
	const char *version; /* NULL: none */
	const char *unplanned;
} Rules;

/*
 * read_present takes the rules from a row of sessionize.contract_rule.
 */
static void
read_present(void *arg, const SqlRow *row)
{
	*(Rules *) arg = (Rules){sql_row_text(row, 1), sql_row_text(row, 2)};
}

/*
 * write_rules stores the rules.
 */
static void
write_rules(int32 pipeline, const Rules *rules)
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
 * sessionize_set_contract_rules sets the rules, and returns whether they are others now.
 */
Datum
sessionize_set_contract_rules(PG_FUNCTION_ARGS)
{
	Rules rules = {own_text_argument(fcinfo, 1), own_text_argument(fcinfo, 2)};
	Rules present = {NULL, "count"};
	Pipeline *pipeline;
	const Pipeline *before;

	PreventCommandIfReadOnly("sessionize.set_contract_rules()");
	before = pipeline = own_lock_pipeline(fcinfo);
	if (!is_unplanned_mode(rules.unplanned))
		own_report_choice("unplanned", rules.unplanned, "'count', 'warn' or 'quarantine'");
	extension_visit("SELECT version_rule, unplanned FROM sessionize.contract_rule "
					"WHERE pipeline_id = $1",
					SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline->id)), read_present, &present);
	if (own_same_text(present.version, rules.version) &&
		strcmp(present.unplanned, rules.unplanned) == 0)
		PG_RETURN_BOOL(false);
	if (!own_same_text(present.version, rules.version) && present.version != NULL)
	{
		contract_column_remove(pipeline, CONTRACT_VERSION, present.version);
		pipeline = own_load_changed(pipeline);
	}
	if (!own_same_text(present.version, rules.version) && rules.version != NULL)
		contract_column_add(pipeline, CONTRACT_VERSION, rules.version);
	write_rules(pipeline->id, &rules);
	pipeline = own_load_changed(pipeline);
	if (pipeline->contracts != NULL)
		contract_changed(pipeline, NULL);
	reject_trigger_change(before, pipeline);
	PG_RETURN_BOOL(true);
}
