/*
 * contract_change.c
 *		What follows for a pipeline from a change of its contracts.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/extension_sql.h"
#include "commands/contract_change.h"

/*
 * contract_document_ensure returns the number of the document that an expression gives.
 */
int16
contract_document_ensure(const Pipeline *pipeline, const char *about)
{
	bool isnull;
	SqlValues values = SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(about));
	Datum number = extension_value("SELECT number FROM sessionize.contract_document "
								   "WHERE pipeline_id = $1 AND expression = $2",
								   SQL_READ_WRITE, values, &isnull);

	if (isnull)
		number = extension_value(
			"INSERT INTO sessionize.contract_document AS d (pipeline_id, number, expression) "
			"SELECT $1, coalesce(max(n.number), 0) + 1, $2 FROM sessionize.contract_document AS n "
			"WHERE n.pipeline_id = $1 RETURNING d.number",
			SQL_READ_WRITE, values, &isnull);
	return DatumGetInt16(number);
}

/*
 * contract_document_release forgets a document that no contract uses any more.
 */
void
contract_document_release(const Pipeline *pipeline, int16 number)
{
	extension_run("DELETE FROM sessionize.contract_document WHERE pipeline_id = $1 AND "
				  "number = $2 AND NOT EXISTS (SELECT FROM sessionize.contract AS c WHERE "
				  "c.pipeline_id = $1 AND c.document = $2)",
				  SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline->id), SQL_INT4(number)));
}

/*
 * contract_versions_are_named tells whether events name versions: no rule has them do so.
 */
bool
contract_versions_are_named(const Pipeline *pipeline)
{
	(void) pipeline;
	return false;
}

/*
 * contract_changed has nothing to derive anew: rows are not judged by contracts.
 */
void
contract_changed(const Pipeline *pipeline, const char *event_name)
{
	(void) pipeline;
	(void) event_name;
}
