/*
 * naming.c
 *		sessionize.set_naming_rule(): how the events and properties of a pipeline are to be called.
 *
 * The view naming_rules has the regular expressions of the styles.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "catalog/extension_sql.h"
#include "catalog/pipeline_function.h"
#include "commands/naming.h"
#include "commands/own_columns.h"

static const char *const styles[] = {"snake_case", "object_action", "Title Case", "camelCase"};

/*
 * check_rule reports a rule that is neither the name of a style nor a regular expression.
 */
static void
check_rule(const char *rule)
{
	bool isnull;

	for (Size i = 0; i < lengthof(styles); i++)
		if (strcmp(styles[i], rule) == 0)
			return;
	if (rule[0] != '^')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no naming rule \"%s\"", rule),
				 errhint("It is snake_case, object_action, Title Case, camelCase, or a regular "
						 "expression that begins with ^, such as '^[a-z]+(:[a-z]+)*$'.")));
	/* an error if it is no regular expression */
	(void) extension_value("SELECT '' ~ $1", SQL_READ_ONLY, SQL_VALUES(SQL_TEXT(rule)), &isnull);
}

/*
 * naming_set sets a rule.
 */
bool
naming_set(const Pipeline *pipeline, const char *what, const char *rule)
{
	SqlValues values = SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(what), SQL_TEXT(rule));

	if (rule == NULL)
		return extension_run("DELETE FROM sessionize.naming_rule WHERE pipeline_id = $1 AND "
							 "what = $2",
							 SQL_READ_WRITE,
							 SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(what))) > 0;
	check_rule(rule);
	return extension_run("INSERT INTO sessionize.naming_rule AS n (pipeline_id, what, rule) "
						 "VALUES ($1, $2, $3) ON CONFLICT (pipeline_id, what) DO UPDATE "
						 "SET rule = excluded.rule WHERE n.rule <> excluded.rule",
						 SQL_READ_WRITE, values) > 0;
}

/*
 * sessionize_set_naming_rule sets a rule.
 */
PIPELINE_FUNCTION(sessionize_set_naming_rule)
{
	Pipeline *pipeline;
	const char *what;

	PreventCommandIfReadOnly("sessionize.set_naming_rule()");
	pipeline = own_lock_pipeline(fcinfo);
	what = own_text_argument(fcinfo, 1);
	if (what == NULL || (strcmp(what, NAMING_EVENT) != 0 && strcmp(what, NAMING_PROPERTY) != 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 what == NULL ? errmsg("what must not be null")
							  : errmsg("there are no naming rules for \"%s\"", what),
				 errhint("There are rules for '%s' and '%s'.", NAMING_EVENT, NAMING_PROPERTY)));
	PG_RETURN_BOOL(naming_set(pipeline, what, own_text_argument(fcinfo, 2)));
}
