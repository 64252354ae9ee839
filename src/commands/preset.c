/*
 * preset.c
 *		sessionize.preset(): the definition of a pipeline over the events of a tracker.
 *
 * A preset is a row of sessionize.preset_document: expressions by name, which say where a tracker
 * has what, and a definition in which $name stands for such an expression.  This puts them together
 * for the columns of a raw table.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#include "catalog/extension_sql.h"
#include "compat.h"
#include "spi/sql.h"

PG_FUNCTION_INFO_V1(sessionize_preset);

/* An expression is inside so many others at most. */
#define DEEPEST 10

/* The column with the tracker's event, unless the user names another. */
#define PAYLOAD "payload"

typedef struct Preset
{
	const char *payload; /* the expression of the document */
	char *sites;         /* an expression: the user's own referring sites */
	Relation raw;        /* NULL: a table with all columns */
	Jsonb *expressions;
	char *definition; /* as a text */
} Preset;

/* The columns that a raw table may have beside the event. */
static const struct
{
	const char *name;
	Oid type;
} columns[] = {
	{"received_at", TIMESTAMPTZOID}, {"sent_at", TIMESTAMPTZOID}, {"user_agent", TEXTOID}};

static void expand(StringInfo out, const Preset *preset, const char *text, int depth);

/*
 * append_column appends a column of the raw table, or NULL if the table does not have it.
 */
static void
append_column(StringInfo out, const Preset *preset, const char *name)
{
	Oid type = TEXTOID;
	AttrNumber attribute;
	Oid found;

	for (size_t i = 0; i < lengthof(columns); i++)
		if (strcmp(columns[i].name, name) == 0)
			type = columns[i].type;
	if (preset->raw != NULL)
	{
		attribute = get_attnum(RelationGetRelid(preset->raw), name);
		found = attribute > 0 ? getBaseType(get_atttype(RelationGetRelid(preset->raw), attribute))
							  : InvalidOid;
		if (found != type && !(type == TEXTOID && found == VARCHAROID))
		{
			appendStringInfo(out, "NULL::%s", type == TEXTOID ? "text" : "timestamptz");
			return;
		}
	}
	appendStringInfoString(out, quote_identifier(name));
}

/*
 * append_named appends the expression of a name.
 */
static void
append_named(StringInfo out, const Preset *preset, const char *name, int depth)
{
	JsonbValue value;

	if (strcmp(name, "sites") == 0)
	{
		appendStringInfoString(out, preset->sites);
		return;
	}
	if (getKeyJsonValueFromContainer(&preset->expressions->root, name, (int) strlen(name),
									 &value) == NULL)
		appendStringInfoString(out, "NULL");
	else
		expand(out, preset, pnstrdup(value.val.string.val, value.val.string.len), depth + 1);
}

/*
 * append_call appends what a word with an argument in parentheses stands for; no word: a path.
 */
static void
append_call(StringInfo out, const Preset *preset, const char *word, const char *argument)
{
	if (strcmp(word, "column") == 0)
		append_column(out, preset, argument);
	else
		appendStringInfo(out, "sessionize.%s(%s, %s)", word[0] == '\0' ? "draw" : "draw_json",
						 preset->payload, quote_literal_cstr(argument));
}

/*
 * expand appends a text in which $name, $(path), $json(path) and $column(name) are replaced; $$ is
 * a dollar sign.
 */
static void
expand(StringInfo out, const Preset *preset, const char *text, int depth)
{
	if (depth > DEEPEST)
		elog(ERROR, "an expression of a preset contains itself");
	while (*text != '\0')
	{
		size_t plain = strcspn(text, "$");
		size_t length;
		char *word;

		appendBinaryStringInfo(out, text, (int) plain);
		text += plain;
		if (*text == '\0')
			return;
		if (*++text == '$')
		{
			appendStringInfoChar(out, *text++);
			continue;
		}
		length = strspn(text, "abcdefghijklmnopqrstuvwxyz_");
		word = pnstrdup(text, length);
		text += length;
		if (*text != '(')
			append_named(out, preset, word, depth);
		else
		{
			length = strcspn(++text, ")");
			append_call(out, preset, word, pnstrdup(text, length));
			text += length + 1;
		}
	}
}

/*
 * append_string appends a string of the definition's text, and returns its end.  Of escapes only
 * those of quotation marks and backslashes can be in it.
 */
static const char *
append_string(StringInfo out, const Preset *preset, const char *text)
{
	StringInfoData plain;
	StringInfoData expanded;

	initStringInfo(&plain);
	initStringInfo(&expanded);
	for (text++; *text != '"'; text++)
	{
		if (*text == '\\')
			text++;
		appendStringInfoChar(&plain, *text);
	}
	expand(&expanded, preset, plain.data, 0);
	escape_json(out, expanded.data);
	return text + 1;
}

/*
 * expanded_definition returns the definition with all that stands for something replaced.
 */
static Datum
expanded_definition(const Preset *preset)
{
	StringInfoData out;
	const char *text = preset->definition;

	initStringInfo(&out);
	while (*text != '\0')
	{
		if (*text == '"')
			text = append_string(&out, preset, text);
		else
			appendStringInfoChar(&out, *text++);
	}
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(out.data));
}

/*
 * is_event tells whether a column can have the tracker's event.
 */
static inline bool
is_event(Form_pg_attribute column)
{
	return !column->attisdropped && getBaseType(column->atttypid) == JSONBOID;
}

/*
 * find_payload returns the name of the column that has the tracker's event: "payload", or else the
 * only column of type jsonb.
 */
static const char *
find_payload(Relation raw)
{
	TupleDesc desc = RelationGetDescr(raw);
	const char *only = NULL;
	int count = 0;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(desc, i);

		if (!is_event(column))
			continue;
		if (strcmp(NameStr(column->attname), PAYLOAD) == 0)
			return PAYLOAD;
		only = NameStr(column->attname);
		count++;
	}
	if (count == 1)
		return quote_identifier(only);
	ereport(
		ERROR,
		(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		 errmsg("payload: which column of %s has the tracker's events?",
				sql_qualified_name(RelationGetRelid(raw))),
		 count == 0 ? errdetail("The table has no column of type jsonb.")
					: errdetail("The table has %d columns of type jsonb, and none of them is "
								"called payload.",
								count),
		 errhint("Pass payload => 'column'.  SELECT sessionize.create_events_table('raw.events', "
				 "preset => '...') makes a table for a preset.")));
}

/*
 * report_unknown reports a preset that there is not.
 */
pg_noreturn static void
report_unknown(const char *name)
{
	bool isnull;
	Datum names = extension_value("SELECT string_agg(preset, ', ' ORDER BY preset) "
								  "FROM sessionize.preset_document",
								  SQL_READ_ONLY, SQL_NO_VALUES, &isnull);

	ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
					name == NULL ? errmsg("the name of a preset must not be null")
								 : errmsg("there is no preset \"%s\"", name),
					errhint("The presets are %s.", isnull ? "" : TextDatumGetCString(names))));
}

/*
 * read_document sets the expressions and the definition of a preset.
 */
static void
read_document(void *arg, const SqlRow *row)
{
	Preset *preset = arg;

	preset->expressions =
		DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(sql_row_text(row, 1))));
	preset->definition = sql_row_text(row, 2);
}

/*
 * load loads a preset.
 */
static void
load(Preset *preset, const char *name)
{
	if (name == NULL ||
		extension_visit("SELECT expressions, definition FROM sessionize.preset_document "
						"WHERE preset = $1",
						SQL_READ_ONLY, SQL_VALUES(SQL_TEXT(name)), read_document, preset) == 0)
		report_unknown(name);
}

/*
 * sites_expression returns an expression for referring sites: those that are given, or else those
 * that users have added.
 */
static char *
sites_expression(FunctionCallInfo fcinfo, int argno)
{
	bool isnull = PG_ARGISNULL(argno);
	Datum sites = isnull ? extension_value("SELECT jsonb_object_agg(domain, jsonb_strip_nulls("
										   "jsonb_build_object('source', source, 'kind', kind))) "
										   "FROM sessionize.referring_site",
										   SQL_READ_ONLY, SQL_NO_VALUES, &isnull)
						 : PG_GETARG_DATUM(argno);
	Jsonb *list;

	if (isnull)
		return pstrdup("NULL::jsonb");
	list = DatumGetJsonbP(sites);
	return psprintf("%s::jsonb",
					quote_literal_cstr(JsonbToCString(NULL, &list->root, (int) VARSIZE(list))));
}

/*
 * sessionize_preset returns the definition of a preset for a raw table.
 */
Datum
sessionize_preset(PG_FUNCTION_ARGS)
{
	Preset preset = {0};
	Datum definition;

	load(&preset, PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0)));
	if (!PG_ARGISNULL(1))
		preset.raw = table_open(PG_GETARG_OID(1), AccessShareLock);
	if (!PG_ARGISNULL(2))
		preset.payload = text_to_cstring(PG_GETARG_TEXT_PP(2));
	else
		preset.payload = preset.raw != NULL ? find_payload(preset.raw) : PAYLOAD;
	preset.sites = sites_expression(fcinfo, 3);
	definition = expanded_definition(&preset);
	if (preset.raw != NULL)
		table_close(preset.raw, AccessShareLock);
	PG_RETURN_DATUM(definition);
}
