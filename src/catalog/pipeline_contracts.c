/*
 * pipeline_contracts.c
 *		The contracts by which a pipeline's raw rows are judged.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "common/hashfn.h"

#include "catalog/extension_sql.h"
#include "catalog/pipeline_contracts.h"
#include "compat.h"

/* The columns of CONTRACT_QUERY, from 1. */
enum
{
	COL_EVENT_NAME = 1,
	COL_VERSION,
	COL_EXPRESSION,
	COL_MODE,
	COL_ACTIVE,
	COL_SCHEMA,
	COL_DOCUMENTS
};

/* The contracts of the pipeline $1: the active ones and, if $2, all others. */
#define CONTRACT_QUERY                                                                             \
	"SELECT c.event_name, c.version, d.expression, c.mode, c.active, c.schema, "                   \
	"coalesce((SELECT jsonb_object_agg(rtrim(s.schema ->> '$id', '#'), s.schema) "                 \
	"FROM sessionize.contract_reference AS r JOIN sessionize.contract AS s "                       \
	"ON s.pipeline_id = r.pipeline_id AND s.number = r.refers_to "                                 \
	"WHERE r.pipeline_id = c.pipeline_id AND r.number = c.number), '{}') "                         \
	"FROM sessionize.contract AS c JOIN sessionize.contract_document AS d "                        \
	"ON d.pipeline_id = c.pipeline_id AND d.number = c.document "                                  \
	"WHERE c.pipeline_id = $1 AND (c.active OR $2) "                                               \
	"ORDER BY c.event_name IS NOT NULL, c.event_name COLLATE \"C\", c.document, "                  \
	"c.version COLLATE \"C\""

/* The names of the modes. */
static const char *const mode_names[] = {
	[CONTRACT_COUNT] = "count",
	[CONTRACT_WARN] = "warn",
	[CONTRACT_QUARANTINE] = "quarantine",
	[CONTRACT_REJECT] = "reject",
};

/* What is read. */
typedef struct Loading
{
	const Definition *definition;
	PipelineContracts *contracts;
	int capacity;
} Loading;

/*
 * contract_mode_name returns the name of a mode.
 */
const char *
contract_mode_name(ContractMode mode)
{
	return mode_names[mode];
}

/*
 * contract_mode_find returns the mode of a name.
 */
int
contract_mode_find(const char *name)
{
	for (int mode = 0; mode < (int) lengthof(mode_names); mode++)
		if (strcmp(mode_names[mode], name) == 0)
			return mode;
	return -1;
}

/*
 * pipeline_contracts_reject tells whether an insert may fail.
 */
bool
pipeline_contracts_reject(const PipelineContracts *contracts)
{
	for (int i = 0; contracts != NULL && i < contracts->count; i++)
		if (contracts->list[i].mode == CONTRACT_REJECT)
			return true;
	return false;
}

/*
 * pipeline_contract_column returns the column that an expression was given for.
 */
int
pipeline_contract_column(const Definition *definition, const char *name, const char *given)
{
	for (int i = 0; definition != NULL && i < definition->nattributes; i++)
	{
		const AttributeDefinition *attribute = &definition->attributes[i];

		if (attribute->given != NULL && strcmp(attribute->given, given) == 0 &&
			strncmp(attribute->name, name, strlen(name)) == 0)
			return SRC_NCOLUMNS + i;
	}
	return -1;
}

/*
 * row_jsonb returns a copy of a column of type jsonb.
 */
static const Jsonb *
row_jsonb(const SqlRow *row, int column)
{
	bool isnull;
	Datum value = sql_row_datum(row, column, &isnull);

	Assert(!isnull);
	return DatumGetJsonbPCopy(value);
}

/*
 * read_contract adds a row of CONTRACT_QUERY to the contracts.
 */
static void
read_contract(void *arg, const SqlRow *row)
{
	Loading *loading = arg;
	PipelineContracts *contracts = loading->contracts;
	JudgedContract *contract;
	int column = pipeline_contract_column(loading->definition, CONTRACT_DOCUMENT,
										  sql_row_text(row, COL_EXPRESSION));
	int mode = contract_mode_find(sql_row_text(row, COL_MODE));

	if (column < 0)
		elog(ERROR, "the document of a contract is no column of the view \"source\"");
	if (contracts->count == loading->capacity)
	{
		loading->capacity = Max(16, loading->capacity * 2);
		contracts->list =
			contracts->list == NULL
				? palloc(loading->capacity * sizeof(JudgedContract))
				: repalloc(contracts->list, loading->capacity * sizeof(JudgedContract));
	}
	contract = &contracts->list[contracts->count++];
	*contract = (JudgedContract){.event_name = sql_row_text(row, COL_EVENT_NAME),
								 .version = sql_row_text(row, COL_VERSION),
								 .column = column,
								 .mode = mode < 0 ? CONTRACT_QUARANTINE : (ContractMode) mode,
								 .is_active = sql_row_bool(row, COL_ACTIVE),
								 .schema = row_jsonb(row, COL_SCHEMA),
								 .documents = row_jsonb(row, COL_DOCUMENTS)};
}

/*
 * read_rules takes the rules from a row of sessionize.contract_rule.
 */
static void
read_rules(void *arg, const SqlRow *row)
{
	Loading *loading = arg;
	char *version = sql_row_text(row, 1);

	if (version != NULL)
		loading->contracts->version =
			pipeline_contract_column(loading->definition, CONTRACT_VERSION, version);
	loading->contracts->unplanned = contract_mode_find(sql_row_text(row, 2));
}

/*
 * pipeline_contracts_load reads a pipeline's contracts.
 */
const PipelineContracts *
pipeline_contracts_load(int32 pipeline, const Definition *definition, SqlAccess access)
{
	Loading loading = {definition, palloc0(sizeof(PipelineContracts)), 0};
	PipelineContracts *contracts = loading.contracts;

	contracts->version = -1;
	extension_visit("SELECT version_rule, unplanned FROM sessionize.contract_rule "
					"WHERE pipeline_id = $1",
					access, SQL_VALUES(SQL_INT4(pipeline)), read_rules, &loading);
	extension_visit(CONTRACT_QUERY, access,
					SQL_VALUES(SQL_INT4(pipeline), SQL_BOOL(contracts->version >= 0)),
					read_contract, &loading);
	return contracts->count == 0 ? NULL : contracts;
}

/*
 * pipeline_contracts_moved returns a copy for other columns.
 */
const PipelineContracts *
pipeline_contracts_moved(const PipelineContracts *contracts, const SourceColumn *columns)
{
	PipelineContracts *moved = palloc(sizeof(PipelineContracts));

	*moved = *contracts;
	moved->list = palloc(contracts->count * sizeof(JudgedContract));
	for (int i = 0; i < contracts->count; i++)
	{
		moved->list[i] = contracts->list[i];
		moved->list[i].column = columns[contracts->list[i].column];
	}
	if (contracts->version >= 0)
		moved->version = (int) columns[contracts->version];
	return moved;
}

/*
 * hash_of returns a hash of a jsonb.
 */
static uint64
hash_of(const Jsonb *value)
{
	return hash_bytes_extended((const unsigned char *) value, (int) VARSIZE(value), 0);
}

/*
 * pipeline_contracts_append_text appends what a derivation depends on.
 */
void
pipeline_contracts_append_text(const PipelineContracts *contracts, StringInfo text)
{
	if (contracts == NULL)
		return;
	appendStringInfo(text, " contracts %d %s", contracts->version,
					 contract_mode_name(contracts->unplanned));
	for (int i = 0; i < contracts->count; i++)
	{
		const JudgedContract *contract = &contracts->list[i];
		ContractMode mode = contract_mode_derived(contract->mode);

		appendStringInfo(
			text, " contract %s version %s %s of %d %s " UINT64_FORMAT " " UINT64_FORMAT,
			contract->event_name == NULL ? "" : contract->event_name, contract->version,
			contract->is_active ? "active" : "named", (int) contract->column,
			contract_mode_name(mode), hash_of(contract->schema), hash_of(contract->documents));
	}
}

/*
 * write_bytes appends the length of some bytes and the bytes, each aligned to 8 bytes.
 */
static void
write_bytes(StringInfo to, const void *bytes, Size len)
{
	static const char zeros[MAXIMUM_ALIGNOF] = {0};
	uint64 length = len;

	appendBinaryStringInfo(to, (const char *) &length, sizeof(length));
	appendBinaryStringInfo(to, bytes, (int) len);
	appendBinaryStringInfo(to, zeros, (int) (MAXALIGN(len) - len));
}

/*
 * read_bytes returns the next bytes, and moves on.
 */
static const void *
read_bytes(const char **from)
{
	uint64 length;
	const char *bytes = *from + sizeof(length);

	memcpy(&length, *from, sizeof(length));
	*from = bytes + MAXALIGN(length);
	return bytes;
}

/*
 * pipeline_contracts_write writes contracts as bytes.
 */
void
pipeline_contracts_write(const PipelineContracts *contracts, StringInfo to)
{
	write_bytes(to, contracts, sizeof(PipelineContracts));
	write_bytes(to, contracts->list, contracts->count * sizeof(JudgedContract));
	for (int i = 0; i < contracts->count; i++)
	{
		const JudgedContract *contract = &contracts->list[i];

		if (contract->event_name != NULL)
			write_bytes(to, contract->event_name, strlen(contract->event_name) + 1);
		write_bytes(to, contract->version, strlen(contract->version) + 1);
		write_bytes(to, contract->schema, VARSIZE(contract->schema));
		write_bytes(to, contract->documents, VARSIZE(contract->documents));
	}
}

/*
 * pipeline_contracts_read reads contracts that were written.
 */
const PipelineContracts *
pipeline_contracts_read(const char *from)
{
	PipelineContracts *contracts = palloc(sizeof(PipelineContracts));
	const JudgedContract *list;

	*contracts = *(const PipelineContracts *) read_bytes(&from);
	list = read_bytes(&from);
	contracts->list = palloc(contracts->count * sizeof(JudgedContract));
	for (int i = 0; i < contracts->count; i++)
	{
		JudgedContract *contract = &contracts->list[i];

		*contract = list[i];
		if (contract->event_name != NULL)
			contract->event_name = read_bytes(&from);
		contract->version = read_bytes(&from);
		contract->schema = read_bytes(&from);
		contract->documents = read_bytes(&from);
	}
	return contracts;
}
