/*
 * contract_catalog.c
 *		The extension's own table of contracts, and their schemas, compiled.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "catalog/contract_catalog.h"
#include "catalog/extension_sql.h"

/* The columns that read_contract reads. */
#define CONTRACT_QUERY                                                                             \
	"SELECT c.number, c.event_name, c.about, c.version, c.document::int, c.schema, c.mode, "       \
	"c.active, c.compatibility, c.contact, c.description, c.supersedes, c.deprecated_at "          \
	"FROM sessionize.contract AS c WHERE c.pipeline_id = $1 "

/*
 * A condition on an event name, which may be NULL, that becomes the condition of an index once the
 * parameter's value is known: "IS NOT DISTINCT FROM" never is one.
 */
#define IS_FOR_EVENT(column, parameter)                                                            \
	"(" column " = " parameter " OR (" parameter " IS NULL AND " column " IS NULL))"

/*
 * contract_text returns what messages call a contract.
 */
char *
contract_text(const ContractName *name)
{
	char *text = name->event_name == NULL ? pstrdup("contract for all events")
										  : psprintf("contract for event \"%s\"", name->event_name);

	return strcmp(name->about, "properties") == 0 ? text
												  : psprintf("%s about \"%s\"", text, name->about);
}

/*
 * contract_call returns a call of a function with a contract's name as its arguments.
 */
char *
contract_call(const char *pipeline, const char *function, const ContractName *name,
			  const char *version, const char *argument)
{
	StringInfoData call;

	initStringInfo(&call);
	appendStringInfo(&call, "SELECT sessionize.%s(%s, %s", function, quote_literal_cstr(pipeline),
					 name->event_name == NULL ? "NULL" : quote_literal_cstr(name->event_name));
	if (version != NULL)
		appendStringInfo(&call, ", %s", quote_literal_cstr(version));
	if (strcmp(name->about, "properties") != 0)
		appendStringInfo(&call, ", about => %s", quote_literal_cstr(name->about));
	if (argument != NULL)
		appendStringInfo(&call, ", %s", argument);
	appendStringInfoString(&call, ");");
	return call.data;
}

/*
 * read_contract adds the version of a contract in a row to a list.
 */
static void
read_contract(void *arg, const SqlRow *row)
{
	List **contracts = arg;
	Contract *contract = palloc0(sizeof(Contract));
	bool isnull;
	Datum schema = sql_row_datum(row, 6, &isnull);
	Datum deprecated_at = sql_row_datum(row, 13, &isnull);

	if (!isnull)
	{
		TimestampTz *at = palloc(sizeof(TimestampTz));

		*at = DatumGetTimestampTz(deprecated_at);
		contract->deprecated_at = at;
	}
	contract->number = sql_row_int4(row, 1);
	contract->name.event_name = sql_row_text(row, 2);
	contract->name.about = sql_row_text(row, 3);
	contract->version = sql_row_text(row, 4);
	contract->document = (int16) sql_row_int4(row, 5);
	contract->schema = DatumGetJsonbPCopy(schema);
	contract->mode = sql_row_text(row, 7);
	contract->is_active = sql_row_bool(row, 8);
	contract->compatibility = sql_row_text(row, 9);
	contract->contact = sql_row_text(row, 10);
	contract->description = sql_row_text(row, 11);
	contract->supersedes = sql_row_text(row, 12);
	*contracts = lappend(*contracts, contract);
}

/*
 * read_contracts returns the contracts that a query finds.
 */
static List *
read_contracts(const char *sql, SqlValues values)
{
	List *contracts = NIL;

	extension_visit(sql, SQL_READ_WRITE, values, read_contract, &contracts);
	return contracts;
}

/*
 * contract_versions returns all versions of a contract.
 */
List *
contract_versions(int32 pipeline, const ContractName *name)
{
	return read_contracts(
		CONTRACT_QUERY "AND " IS_FOR_EVENT("c.event_name", "$2") " AND c.about = $3 "
																 "ORDER BY c.number",
		SQL_VALUES(SQL_INT4(pipeline), SQL_TEXT(name->event_name), SQL_TEXT(name->about)));
}

/*
 * contract_all returns all versions of all contracts.
 */
List *
contract_all(int32 pipeline)
{
	return read_contracts(CONTRACT_QUERY "ORDER BY c.number", SQL_VALUES(SQL_INT4(pipeline)));
}

/*
 * contract_find returns a version of a contract.
 */
Contract *
contract_find(int32 pipeline, const ContractName *name, const char *version)
{
	List *found = read_contracts(CONTRACT_QUERY "AND " IS_FOR_EVENT(
									 "c.event_name", "$2") " "
														   "AND c.about = $3 AND c.version = $4",
								 SQL_VALUES(SQL_INT4(pipeline), SQL_TEXT(name->event_name),
											SQL_TEXT(name->about), SQL_TEXT(version)));

	return found == NIL ? NULL : linitial(found);
}

/*
 * contract_presence tells which versions of contracts a pipeline has at all.
 */
ContractPresence
contract_presence(int32 pipeline)
{
	bool isnull;
	Datum active = extension_value("SELECT max(c.active::int) FROM sessionize.contract AS c "
								   "WHERE c.pipeline_id = $1",
								   SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline)), &isnull);

	if (isnull)
		return CONTRACTS_NONE;
	return DatumGetInt32(active) > 0 ? CONTRACTS_ACTIVE : CONTRACTS_REGISTERED;
}

/*
 * deprecated_value returns the time from which a version is deprecated, as a parameter.
 */
static SqlValue
deprecated_value(const Contract *contract)
{
	return contract->deprecated_at == NULL ? SQL_NULL(TIMESTAMPTZOID)
										   : SQL_TIMESTAMPTZ(*contract->deprecated_at);
}

/*
 * contract_insert adds a version.
 */
void
contract_insert(int32 pipeline, Contract *contract, const List *refers_to)
{
	ListCell *cell;
	bool isnull;
	Datum number = extension_value(
		"INSERT INTO sessionize.contract AS c (pipeline_id, number, event_name, about, version, "
		"document, schema, mode, active, compatibility, contact, description, supersedes, "
		"deprecated_at) SELECT $1, coalesce(max(n.number), 0) + 1, $2, $3, $4, $5, $6, $7, false, "
		"$8, $9, $10, $11, $12 FROM sessionize.contract AS n WHERE n.pipeline_id = $1 "
		"RETURNING c.number",
		SQL_READ_WRITE,
		SQL_VALUES(SQL_INT4(pipeline), SQL_TEXT(contract->name.event_name),
				   SQL_TEXT(contract->name.about), SQL_TEXT(contract->version),
				   SQL_INT4(contract->document),
				   SQL_DATUM(JSONBOID, PointerGetDatum(contract->schema), false),
				   SQL_TEXT(contract->mode), SQL_TEXT(contract->compatibility),
				   SQL_TEXT(contract->contact), SQL_TEXT(contract->description),
				   SQL_TEXT(contract->supersedes), deprecated_value(contract)),
		&isnull);

	contract->number = DatumGetInt32(number);
	contract->is_active = false;
	foreach (cell, refers_to)
		extension_run(
			"INSERT INTO sessionize.contract_reference (pipeline_id, number, refers_to) "
			"VALUES ($1, $2, $3)",
			SQL_READ_WRITE,
			SQL_VALUES(SQL_INT4(pipeline), SQL_INT4(contract->number), SQL_INT4(lfirst_int(cell))));
}

/*
 * contract_update writes what may change of a version.
 */
void
contract_update(int32 pipeline, const Contract *contract)
{
	extension_run("UPDATE sessionize.contract SET (mode, compatibility, contact, description, "
				  "supersedes, deprecated_at) = ($3, $4, $5, $6, $7, $8) WHERE pipeline_id = $1 "
				  "AND number = $2",
				  SQL_READ_WRITE,
				  SQL_VALUES(SQL_INT4(pipeline), SQL_INT4(contract->number),
							 SQL_TEXT(contract->mode), SQL_TEXT(contract->compatibility),
							 SQL_TEXT(contract->contact), SQL_TEXT(contract->description),
							 SQL_TEXT(contract->supersedes), deprecated_value(contract)));
}

/*
 * contract_set_active has one version of a contract be active.
 */
bool
contract_set_active(int32 pipeline, const ContractName *name, int32 number)
{
	return extension_run("UPDATE sessionize.contract SET active = (number = $4) "
						 "WHERE pipeline_id = $1 AND " IS_FOR_EVENT(
							 "event_name", "$2") " "
												 "AND about = $3 AND active <> (number = $4)",
						 SQL_READ_WRITE,
						 SQL_VALUES(SQL_INT4(pipeline), SQL_TEXT(name->event_name),
									SQL_TEXT(name->about), SQL_INT4(number))) > 0;
}

/*
 * contract_delete removes a version.
 */
void
contract_delete(int32 pipeline, int32 number)
{
	extension_run("WITH gone AS (DELETE FROM sessionize.contract_reference WHERE "
				  "pipeline_id = $1 AND number = $2) "
				  "DELETE FROM sessionize.contract WHERE pipeline_id = $1 AND number = $2",
				  SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline), SQL_INT4(number)));
}

/*
 * contract_with_id returns the contracts whose schemas have an "$id".
 */
List *
contract_with_id(int32 pipeline, const char *id)
{
	return read_contracts(CONTRACT_QUERY
						  "AND rtrim(c.schema ->> '$id', '#') = rtrim($2, '#') ORDER BY c.number",
						  SQL_VALUES(SQL_INT4(pipeline), SQL_TEXT(id)));
}

/*
 * contract_referrers returns the contracts that refer to one.
 */
List *
contract_referrers(int32 pipeline, int32 number)
{
	return read_contracts(CONTRACT_QUERY
						  "AND EXISTS (SELECT FROM sessionize.contract_reference AS r WHERE "
						  "r.pipeline_id = $1 AND r.number = c.number AND r.refers_to = $2) "
						  "ORDER BY c.number",
						  SQL_VALUES(SQL_INT4(pipeline), SQL_INT4(number)));
}

/*
 * contract_documents returns the schemas that a contract refers to.
 */
Jsonb *
contract_documents(int32 pipeline, int32 number)
{
	bool isnull;
	Datum documents = extension_value(
		"SELECT coalesce(jsonb_object_agg(rtrim(c.schema ->> '$id', '#'), c.schema), '{}') "
		"FROM sessionize.contract_reference AS r JOIN sessionize.contract AS c "
		"ON c.pipeline_id = r.pipeline_id AND c.number = r.refers_to "
		"WHERE r.pipeline_id = $1 AND r.number = $2",
		SQL_READ_ONLY, SQL_VALUES(SQL_INT4(pipeline), SQL_INT4(number)), &isnull);

	return DatumGetJsonbP(documents);
}

/*
 * contract_documents_of returns the schemas of contracts.
 */
Jsonb *
contract_documents_of(int32 pipeline, const List *numbers)
{
	Datum *elements = palloc(Max(list_length(numbers), 1) * sizeof(Datum));
	int count = 0;
	bool isnull;
	ListCell *cell;
	Datum documents;

	foreach (cell, numbers)
		elements[count++] = Int32GetDatum(lfirst_int(cell));
	documents = extension_value(
		"SELECT coalesce(jsonb_object_agg(rtrim(c.schema ->> '$id', '#'), c.schema), '{}') "
		"FROM sessionize.contract AS c WHERE c.pipeline_id = $1 AND c.number = ANY ($2)",
		SQL_READ_ONLY,
		SQL_VALUES(SQL_INT4(pipeline),
				   SQL_DATUM(INT4ARRAYOID,
							 PointerGetDatum(construct_array(elements, count, INT4OID,
															 sizeof(int32), true, TYPALIGN_INT)),
							 false)),
		&isnull);
	return DatumGetJsonbP(documents);
}

/*
 * contract_program returns the compiled schema of a contract.
 */
CachedProgram *
contract_program(const Jsonb *schema, const Jsonb *documents)
{
	ProgramKey key = {schema, documents, true};

	return cached_program_get(&key);
}
