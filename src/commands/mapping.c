/*
 * mapping.c
 *		Maps the columns and expressions of a raw table to the columns of the view "source".
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/scansup.h"
#include "rewrite/rewriteManip.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/relcache.h"
#include "utils/typcache.h"

#include "commands/expression_hint.h"
#include "commands/mapping.h"
#include "commands/value_type.h"
#include "compat.h"
#include "source/source_mapping.h"
#include "spi/scope.h"
#include "spi/sql.h"
#include "utils/expression.h"
#include "utils/row_zones.h"

typedef enum ColumnKind
{
	KIND_ID,    /* any type that sorts and hashes */
	KIND_TEXT,  /* converted to text */
	KIND_TIME,  /* timestamptz */
	KIND_FLAG,  /* boolean */
	KIND_VALUE, /* a type of value_type.h; any other is converted to text */
	KIND_ZONE   /* text: an argument that is no time zone's name itself */
} ColumnKind;

static const struct
{
	const char *argname;
	const char *view_name;
	const char *standard; /* name of the raw table's column that is the default */
	ColumnKind kind;
} specs[SRC_NCOLUMNS] = {
	[SRC_SESSION_KEY] = {"key", "session_key", NULL, KIND_ID},
	[SRC_EVENT_ID] = {"event_id", "event_id", "event_id", KIND_ID},
	[SRC_RAW_ID] = {"raw_id", "raw_id", "raw_id", KIND_ID},
	[SRC_EVENT_NAME] = {"event_name", "event_name", "event_name", KIND_TEXT},
	[SRC_USER_ID] = {"user_id", "user_id", "user_id", KIND_TEXT},
	[SRC_PAGE] = {"page", "page", "page", KIND_TEXT},
	[SRC_OCCURRED_AT] = {"event_time", "occurred_at", "occurred_at", KIND_TIME},
	[SRC_SENT_AT] = {"sent_at", "sent_at", "sent_at", KIND_TIME},
	[SRC_RECEIVED_AT] = {"received_at", "received_at", "received_at", KIND_TIME},
	[SRC_RESTART] = {"restart", "restart", NULL, KIND_FLAG},
	[SRC_PAGE_VIEW] = {"page_view", "page_view", NULL, KIND_FLAG},
	[SRC_FILTER] = {"filter", "filter", NULL, KIND_FLAG},
	[SRC_CHANGE] = {"restart_on_change", "restart_on_change", NULL, KIND_VALUE},
	[SRC_MIDNIGHT] = {"midnight", "midnight", NULL, KIND_ZONE},
	[SRC_TIME_ZONE] = {"time_zone", "time_zone", NULL, KIND_ZONE},
};

/*
 * column_type returns the type of a column of the table; InvalidOid if there is no such column.
 */
static Oid
column_type(Relation raw, const char *name)
{
	AttrNumber attnum = get_attnum(RelationGetRelid(raw), name);

	return attnum > 0 ? get_atttype(RelationGetRelid(raw), attnum) : InvalidOid;
}

/*
 * primary_key_column returns the name of the primary key's column; NULL if it has several or there
 * is no primary key.
 */
static const char *
primary_key_column(Relation raw)
{
	Bitmapset *columns = RelationGetIndexAttrBitmap(raw, INDEX_ATTR_BITMAP_PRIMARY_KEY);
	int member;

	if (!bms_get_singleton_member(columns, &member))
		return NULL;
	return get_attname(RelationGetRelid(raw),
					   (AttrNumber) (member + FirstLowInvalidHeapAttributeNumber), false);
}

/*
 * default_text returns the expression that a column has if its argument is NULL; NULL if there is
 * none.
 */
static const char *
default_text(Relation raw, SourceColumn column)
{
	const char *standard = specs[column].standard;
	Oid type;

	if (column == SRC_SESSION_KEY)
	{
		bool anonymous = OidIsValid(column_type(raw, "anonymous_id"));
		bool user = OidIsValid(column_type(raw, "user_id"));

		if (anonymous && user)
			return "coalesce(anonymous_id, user_id)";
		return anonymous ? "anonymous_id" : user ? "user_id" : NULL;
	}
	if (standard != NULL && OidIsValid(column_type(raw, standard)))
		return standard;
	if (column == SRC_RAW_ID)
		return primary_key_column(raw);
	type = column_type(raw, "properties");
	if (column == SRC_PAGE && (type == JSONBOID || type == JSONOID))
		return "properties ->> 'page'";
	return NULL;
}

/*
 * report_required reports that a required column is not mapped.
 */
static void
report_required(Relation raw, SourceColumn column)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("%s: which column of %s is it?", specs[column].argname,
						   sql_qualified_name(RelationGetRelid(raw))),
					errdetail("The table has the columns %s.", sql_column_list(raw, false)),
					errhint("Pass %s => 'column', or an expression over columns.",
							specs[column].argname)));
}

/*
 * id_type returns the type in which a key or id of the given type is stored.
 */
static Oid
id_type(Oid type)
{
	type = getBaseType(type);
	switch (type)
	{
		case VARCHAROID:
		case BPCHAROID:
		case NAMEOID:
		case UNKNOWNOID:
			return TEXTOID;
		default:
			return type;
	}
}

/*
 * is_id_type tells whether a type sorts and hashes, and can be the type of a table's column.
 */
static bool
is_id_type(Oid type)
{
	TypeCacheEntry *entry =
		lookup_type_cache(type, TYPECACHE_CMP_PROC | TYPECACHE_HASH_EXTENDED_PROC);

	return get_typtype(type) != TYPTYPE_PSEUDO && OidIsValid(entry->cmp_proc) &&
		   OidIsValid(entry->hash_extended_proc);
}

/*
 * can_be_id tells whether an expression can be a key or an id: an ExpressionTest.
 */
static bool
can_be_id(Node *expression)
{
	Oid type = id_type(exprType(expression));
	Node *value = is_id_type(type) ? expression_convert(expression, type, true) : NULL;

	return value != NULL && expression_is_immutable(value);
}

/*
 * check_id_type reports a type that can't be that of a key or an id.
 */
static void
check_id_type(Relation raw, Node *expression, Oid type, const char *argname)
{
	char *other;

	if (is_id_type(type))
		return;
	other = expression_hint_id(raw, expression, can_be_id);
	ereport(
		ERROR,
		(errcode(ERRCODE_DATATYPE_MISMATCH),
		 errmsg("argument %s has type %s, which does not sort and hash", argname,
				format_type_be(type)),
		 other != NULL
			 ? errhint("Use %s => %s", argname, quote_literal_cstr(other))
			 : errhint(
				   "Store the value in a column of its own, or call a function of yours that is "
				   "declared IMMUTABLE and returns text.")));
}

/*
 * time_hint returns a hint for an event time that is not a timestamptz.
 */
static char *
time_hint(Relation raw, Node *expression, const char *argname)
{
	const char *operand = expression_operand_text(raw, expression);
	const char *with_zone;

	switch (getBaseType(exprType(expression)))
	{
		case TIMESTAMPOID:
			with_zone = psprintf("%s AT TIME ZONE 'UTC'", operand);
			break;
		case DATEOID:
			with_zone = psprintf("%s::timestamp AT TIME ZONE 'UTC'", operand);
			break;
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case NUMERICOID:
		case FLOAT4OID:
		case FLOAT8OID:
			return psprintf("For seconds since 1970: %s => %s; for milliseconds: %s => %s", argname,
							quote_literal_cstr(psprintf("to_timestamp(%s)", operand)), argname,
							quote_literal_cstr(psprintf("to_timestamp(%s / 1000.0)", operand)));
		default:
			return psprintf(
				"Store the time in a column of type timestamptz, or call a function of yours that "
				"is declared IMMUTABLE: %s => 'my_function(...)'",
				argname);
	}
	return psprintf("Say its time zone, for instance: %s => %s", argname,
					quote_literal_cstr(with_zone));
}

/*
 * report_type reports an expression that can't be converted to the type of its column.
 */
static void
report_type(Relation raw, Node *expression, Oid wanted, const char *argname)
{
	ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
					errmsg("argument %s must be of type %s, not %s", argname,
						   format_type_be(wanted), format_type_be(exprType(expression))),
					wanted == TIMESTAMPTZOID
						? errhint("%s", time_hint(raw, expression, argname))
						: errhint("Cast it or compare it, so that the result is of type %s.",
								  format_type_be(wanted))));
}

/*
 * type_of_kind returns the type of a column to which an expression of a type is mapped.
 */
static Oid
type_of_kind(ColumnKind kind, Oid given)
{
	switch (kind)
	{
		case KIND_ID:
			return id_type(given);
		case KIND_TEXT:
		case KIND_ZONE:
			return TEXTOID;
		case KIND_TIME:
			return TIMESTAMPTZOID;
		case KIND_VALUE:
			return OidIsValid(value_type(given)) ? value_type(given) : TEXTOID;
		case KIND_FLAG:
			break;
	}
	return BOOLOID;
}

/*
 * with_one_form returns a value in such a form that equal values have equal bytes.
 */
static Node *
with_one_form(Node *value, Oid type)
{
	if (type != NUMERICOID)
		return value;
	return (Node *) makeFuncExpr(F_TRIM_SCALE, NUMERICOID, list_make1(value), InvalidOid,
								 InvalidOid, COERCE_EXPLICIT_CALL);
}

/*
 * convert converts an expression to the type of its column.
 */
static Node *
convert(Relation raw, Node *expression, SourceColumn column, Oid *type)
{
	const char *argname = specs[column].argname;
	Oid given = exprType(expression);
	ColumnKind kind = specs[column].kind;
	Node *result;

	*type = type_of_kind(kind, given);
	if (kind == KIND_ID)
		check_id_type(raw, expression, *type, argname);
	if (kind == KIND_TIME && getBaseType(given) != TIMESTAMPTZOID && given != UNKNOWNOID)
		report_type(raw, expression, *type, argname);
	result = expression_convert(expression, *type,
								kind != KIND_TIME && kind != KIND_FLAG && kind != KIND_ZONE);
	if (result == NULL)
		report_type(raw, expression, *type, argname);
	return kind == KIND_VALUE ? with_one_form(result, *type) : result;
}

/*
 * value_sql returns the expression of the view for a converted value.
 */
static char *
value_sql(Relation raw, Node *value, Oid type)
{
	int guc_level = pinned_settings_enter();
	char *sql = expression_text(raw, value, MAPPING_ALIAS);

	pinned_settings_leave(guc_level);
	return OidIsValid(get_typcollation(type)) ? psprintf("(%s) COLLATE pg_catalog.\"C\"", sql)
											  : sql;
}

/*
 * report_mutable reports an expression that is not immutable.
 */
static void
report_mutable(Relation raw, SourceColumn column, const char *text, Node *expression, Node *value)
{
	const char *better = expression_hint_concat(raw, expression);

	if (better == NULL && specs[column].kind == KIND_ID)
		better = expression_hint_id(raw, expression, can_be_id);
	expression_check_immutable(value, specs[column].argname, text, better);
}

/*
 * report_no_zone reports a text that is neither a time zone nor an expression.
 */
pg_noreturn static void
report_no_zone(const char *argname, const char *text, const ErrorData *error)
{
	ereport(ERROR,
			(errcode(error->sqlerrcode),
			 errmsg("argument %s is neither a time zone that the server knows nor an expression "
					"over the raw row",
					argname),
			 errdetail("\"%s\" as an expression: %s", text, error->message),
			 errhint("Give the name of a zone, such as 'Europe/Berlin' (SELECT name FROM "
					 "pg_timezone_names lists them), or an expression of type text, such as "
					 "'site_zone' or 'coalesce(site_zone, ''UTC'')'.")));
}

/*
 * parse parses an expression. That of a zone may have been meant to be a zone's name.
 */
static Node *
parse(Relation raw, SourceColumn column, const char *text)
{
	const char *argname = specs[column].argname;
	MemoryContext context = CurrentMemoryContext;
	Node *expression = NULL;

	if (specs[column].kind != KIND_ZONE)
		return expression_parse(raw, argname, text);
	PG_TRY();
	{
		expression = expression_parse(raw, argname, text);
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (ERRCODE_TO_CATEGORY(error->sqlerrcode) !=
				ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION &&
			error->sqlerrcode != ERRCODE_FEATURE_NOT_SUPPORTED)
			PG_RE_THROW();
		FlushErrorState();
		report_no_zone(argname, text, error);
	}
	PG_END_TRY();
	return expression;
}

/*
 * map_column maps one column to the expression in text.  A default expression is parsed under
 * pinned settings, one of the user's under the user's search_path.
 */
static void
map_column(Relation raw, SourceColumn column, const char *text, bool is_default,
		   MappedColumn *mapped)
{
	int guc_level = 0;

	mapped->text = text;
	if (is_default)
		guc_level = pinned_settings_enter();
	mapped->expression = parse(raw, column, text);
	if (is_default)
		pinned_settings_leave(guc_level);
	mapped->value = convert(raw, mapped->expression, column, &mapped->type);
	if (!expression_is_immutable(mapped->value))
		report_mutable(raw, column, text, mapped->expression, mapped->value);
	mapped->sql = value_sql(raw, mapped->value, mapped->type);
}

/* How page views are told by default: with an event name, and without one. */
#define VIEWS_BY_NAME "event_name = 'page_view'"
#define VIEWS_BY_PAGE "page IS NOT NULL"

/*
 * map_nothing fills in a column that is not mapped.  Such a column is NULL, except that a missing
 * raw id becomes a digest of the row, a missing filter is true, and page_view is by default taken
 * from event_name or page.
 */
static void
map_nothing(const Mapping *mapping, SourceColumn column, bool by_default, MappedColumn *mapped)
{
	static const Oid types[] = {
		[KIND_ID] = TEXTOID,   [KIND_TEXT] = TEXTOID,  [KIND_TIME] = TIMESTAMPTZOID,
		[KIND_FLAG] = BOOLOID, [KIND_VALUE] = TEXTOID, [KIND_ZONE] = TEXTOID};

	mapped->text = NULL;
	mapped->expression = mapped->value = NULL;
	mapped->type = types[specs[column].kind];
	mapped->sql = psprintf("NULL::%s", sql_column_type(mapped->type));
	if (column == SRC_RAW_ID)
		mapped->sql =
			psprintf("pg_catalog.md5((%s.*)::text) COLLATE pg_catalog.\"C\"", MAPPING_ALIAS);
	if (column == SRC_FILTER)
		mapped->sql = "true";
	if (column == SRC_PAGE_VIEW && by_default && mapping->columns[SRC_EVENT_NAME].text != NULL)
	{
		mapped->text = VIEWS_BY_NAME;
		mapped->sql =
			psprintf("(%s) = 'page_view'::pg_catalog.text", mapping->columns[SRC_EVENT_NAME].sql);
	}
	else if (column == SRC_PAGE_VIEW && by_default && mapping->columns[SRC_PAGE].text != NULL)
	{
		mapped->text = VIEWS_BY_PAGE;
		mapped->sql = psprintf("(%s) IS NOT NULL", mapping->columns[SRC_PAGE].sql);
	}
}

/*
 * map maps a column to the expression in text, or to nothing.
 */
static void
map(Mapping *mapping, Relation raw, SourceColumn column, const char *text, bool is_default)
{
	if (text != NULL && text[0] != '\0')
		map_column(raw, column, text, is_default, &mapping->columns[column]);
	else if (column == SRC_SESSION_KEY || column == SRC_OCCURRED_AT)
		report_required(raw, column);
	else
		map_nothing(mapping, column, is_default, &mapping->columns[column]);
}

/*
 * mapping_build maps all columns.
 */
Mapping *
mapping_build(Relation raw, const char *const arguments[SRC_NCOLUMNS])
{
	Mapping *mapping = palloc0(sizeof(Mapping));

	for (SourceColumn column = 0; column < SRC_NCOLUMNS; column++)
		map(mapping, raw, column,
			arguments[column] == NULL ? default_text(raw, column) : arguments[column],
			arguments[column] == NULL);
	return mapping;
}

/*
 * mapping_present returns the mapping that a pipeline has.
 */
Mapping *
mapping_present(const Pipeline *pipeline, Relation raw, const char *const given[SRC_NCOLUMNS])
{
	SourceMapping *source = source_mapping(pipeline);
	Mapping *mapping = palloc0(sizeof(Mapping));
	int level = pinned_settings_enter();

	for (SourceColumn column = 0; column < SRC_NCOLUMNS; column++)
	{
		MappedColumn *mapped = &mapping->columns[column];
		Node *expression = copyObject(source_expression(source, column));

		ChangeVarNodes(expression, (int) source->varno, 1, 0);
		mapped->text = given[column];
		mapped->type = pipeline->types[column];
		mapped->sql = expression_text(raw, expression, MAPPING_ALIAS);
		mapped->expression =
			IsA(expression, CollateExpr) ? (Node *) ((CollateExpr *) expression)->arg : expression;
	}
	pinned_settings_leave(level);
	return mapping;
}

/*
 * mapping_set maps a column to another expression.
 */
void
mapping_set(Mapping *mapping, Relation raw, SourceColumn column, const char *text)
{
	map(mapping, raw, column, text, false);
}

/*
 * mapping_set_pinned maps a column to an expression that is read under pinned settings.
 */
void
mapping_set_pinned(Mapping *mapping, Relation raw, SourceColumn column, const char *text)
{
	map(mapping, raw, column, text, true);
}

/*
 * mapping_read maps all columns under pinned settings.
 */
Mapping *
mapping_read(Relation raw, const char *const texts[SRC_NCOLUMNS])
{
	Mapping *mapping = palloc0(sizeof(Mapping));

	mapping->columns[SRC_PAGE_VIEW].text = texts[SRC_PAGE_VIEW];
	for (SourceColumn column = 0; column < SRC_NCOLUMNS; column++)
		if (column == SRC_PAGE_VIEW && mapping_has_default_page_view(mapping))
			mapping_set_default_page_view(mapping);
		else if (texts[column] == NULL)
			map_nothing(mapping, column, false, &mapping->columns[column]);
		else
			map(mapping, raw, column, texts[column], true);
	return mapping;
}

/*
 * mapping_has_default_page_view tells whether page views are told by default.
 */
bool
mapping_has_default_page_view(const Mapping *mapping)
{
	const char *text = mapping->columns[SRC_PAGE_VIEW].text;

	return text != NULL && (strcmp(text, VIEWS_BY_NAME) == 0 || strcmp(text, VIEWS_BY_PAGE) == 0);
}

/*
 * mapping_set_default_page_view has page views told by default.
 */
void
mapping_set_default_page_view(Mapping *mapping)
{
	map_nothing(mapping, SRC_PAGE_VIEW, true, &mapping->columns[SRC_PAGE_VIEW]);
}

/*
 * mapping_argument returns the name of the argument that maps a column.
 */
const char *
mapping_argument(SourceColumn column)
{
	return specs[column].argname;
}

/*
 * mapping_note_zone tells of a zone whose name a column has as well.
 */
void
mapping_note_zone(Relation raw, SourceColumn column, const char *zone)
{
	if (zone == NULL || zone[0] == '\0' || !zone_is_posix(zone) ||
		!OidIsValid(column_type(raw, downcase_identifier(zone, strlen(zone), false, false))))
		return;
	ereport(NOTICE, (errmsg("%s is taken as the time zone \"%s\", not as the column",
							specs[column].argname, zone),
					 errdetail("The name is also a POSIX specification of a time zone."),
					 errhint("For the column, write %s => '(%s)'.", specs[column].argname, zone)));
}

/*
 * mapping_view_query returns the query of the view "source".
 */
char *
mapping_view_query(const Mapping *mapping, Relation raw)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	for (SourceColumn column = 0; column < SRC_NCOLUMNS; column++)
		appendStringInfo(&sql, "%s AS %s, ", mapping->columns[column].sql, specs[column].view_name);
	appendStringInfo(&sql, "%s.tableoid AS raw_table, %s.ctid AS raw_ctid FROM %s AS %s",
					 MAPPING_ALIAS, MAPPING_ALIAS, sql_qualified_name(RelationGetRelid(raw)),
					 MAPPING_ALIAS);
	return sql.data;
}
