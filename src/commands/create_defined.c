/*
 * create_defined.c
 *		create_pipeline by a document, in which a definition moves between databases.
 *
 * The document's keys are the names of create_pipeline's arguments, and "measures" and
 * "dimensions": lists of objects whose keys are the names of the arguments of add_measure and
 * add_dimension; and "identity", an object whose keys are the names of enable_identity's arguments.
 * So the document is turned into calls of these functions, which check it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "spi/sql.h"

PG_FUNCTION_INFO_V1(sessionize_create_pipeline_defined);

/* The argument that may refer to measures, so that it is set after they are added. */
#define BOUNCE "bounce"

/* The key of the limits of persons. */
#define IDENTITY "identity"

/* The arguments that a document may give, without those that are given apart. */
static const char *const pipeline_arguments[] = {
	"key",      "event_time", "event_id",     "event_name",     "user_id",
	"page",     "sent_at",    "received_at",  "raw_id",         "page_view",
	"filter",   "restart",    "gap",          "max_duration",   "max_events",
	"midnight", "time_zone",  "dedup_window", "skew_threshold", "max_lead",
	"oldest",   "too_old",    "store_events", "capture",        "restart_on_change",
	BOUNCE};
static const char *const measure_arguments[] = {"name",   "kind", "expression",
												"filter", "cap",  "grain"};
static const char *const dimension_arguments[] = {"name", "attributes", "grain", "pick",
												  "max_members"};

static const char *const identity_arguments[] = {"max_users_per_key", "max_keys_per_user"};

/* The names that an object of the document may have. */
typedef struct Names
{
	const char *const *names;
	int count;
	const char *what; /* what the object describes */
} Names;

static const Names pipeline_names = {pipeline_arguments, lengthof(pipeline_arguments),
									 "a pipeline"};
static const Names identity_names = {identity_arguments, lengthof(identity_arguments), "persons"};

/* The lists that a document may have. */
typedef struct DefinedList
{
	const char *key;
	const char *function; /* adds an object of the list to a pipeline */
	Names names;          /* of its arguments after the pipeline */
	const char *example;
} DefinedList;

static const DefinedList lists[] = {
	{"measures",
	 "add_measure",
	 {measure_arguments, lengthof(measure_arguments), "a measure"},
	 "{\"name\": \"events_seen\", \"kind\": \"count\"}"},
	{"dimensions",
	 "add_dimension",
	 {dimension_arguments, lengthof(dimension_arguments), "a dimension"},
	 "{\"name\": \"campaign\", \"attributes\": {\"source\": \"utm_source\"}}"},
};

/* The values of these lists; NULL: the document does not have the list. */
typedef JsonbContainer *DefinedLists[lengthof(lists)];

/*
 * check_key reports a key that an object may not have.
 */
static void
check_key(const Names *names, const char *key)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < names->count; i++)
	{
		if (strcmp(names->names[i], key) == 0)
			return;
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", names->names[i]);
	}
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("the definition of %s has no key \"%s\"", names->what, key),
					errhint("Its keys are %s.", list.data)));
}

/*
 * append_argument appends a value as an argument of a call.
 */
static void
append_argument(StringInfo sql, const char *key, const JsonbValue *value)
{
	appendStringInfo(sql, ", %s => ", quote_identifier(key));
	switch (value->type)
	{
		case jbvNull:
			appendStringInfoString(sql, "NULL");
			return;
		case jbvString:
			appendStringInfoString(
				sql, quote_literal_cstr(pnstrdup(value->val.string.val, value->val.string.len)));
			return;
		case jbvNumeric:
			appendStringInfo(sql, "'%s'",
							 DatumGetCString(DirectFunctionCall1(
								 numeric_out, NumericGetDatum(value->val.numeric))));
			return;
		case jbvBool:
			appendStringInfo(sql, "'%s'", value->val.boolean ? "true" : "false");
			return;
		case jbvBinary:
			if (strcmp(key, "attributes") == 0)
			{
				appendStringInfoString(
					sql, quote_literal_cstr(
							 JsonbToCString(NULL, value->val.binary.data, value->val.binary.len)));
				return;
			}
			/* FALLTHROUGH */
		default:
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("key \"%s\" of the definition has an array or an object", key),
							errhint("Its value is a string, a number, true, false or null.")));
	}
}

/*
 * check_object reports a value that is no object.
 */
static void
check_object(JsonbContainer *object, const Names *names)
{
	if (!JsonContainerIsObject(object))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the definition of %s must be an object", names->what),
						errhint("SELECT sessionize.definition(...) shows the definition of a "
								"pipeline there is.")));
}

/*
 * take_list notes the value of a list of the document.  It returns false if no list has the key.
 */
static bool
take_list(DefinedLists given, const char *key, const JsonbValue *value)
{
	for (size_t i = 0; i < lengthof(lists); i++)
	{
		if (strcmp(key, lists[i].key) != 0)
			continue;
		if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("the value of \"%s\" in a definition must be an array", key),
							errhint("For instance: \"%s\": [%s]", key, lists[i].example)));
		given[i] = value->val.binary.data;
		return true;
	}
	return false;
}

/*
 * check_identity reports limits of persons that are no object.
 */
static void
check_identity(const JsonbValue *value)
{
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the value of \"%s\" in a definition must be an object", IDENTITY),
						errhint("For instance: \"%s\": {\"max_users_per_key\": 10}", IDENTITY)));
}

/*
 * append_arguments appends the members of an object as arguments of a call.  The values of lists,
 * if the object may have some, are noted.
 */
static void
append_arguments(StringInfo sql, JsonbContainer *object, const Names *names, DefinedLists given)
{
	JsonbIterator *iterator = JsonbIteratorInit(object);
	JsonbIteratorToken token;
	JsonbValue value;
	char *key = NULL;

	check_object(object, names);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			key = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE && given != NULL && strcmp(key, IDENTITY) == 0)
			check_identity(&value);
		else if (token == WJB_VALUE && (given == NULL || !take_list(given, key, &value)))
		{
			check_key(names, key);
			if (given == NULL || strcmp(key, BOUNCE) != 0)
				append_argument(sql, key, &value);
		}
	}
}

/*
 * add_list adds the objects of a list to a pipeline.
 */
static void
add_list(const char *pipeline, const DefinedList *list, JsonbContainer *given)
{
	JsonbIterator *iterator = JsonbIteratorInit(given);
	JsonbIteratorToken token;
	JsonbValue value;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		StringInfoData sql;

		if (token != WJB_ELEM)
			continue;
		initStringInfo(&sql);
		appendStringInfo(&sql, "SELECT sessionize.%s(%s", list->function,
						 quote_literal_cstr(pipeline));
		if (value.type != jbvBinary)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("the definition of %s must be an object", list->names.what),
							errhint("For instance: %s", list->example)));
		append_arguments(&sql, value.val.binary.data, &list->names, NULL);
		appendStringInfoChar(&sql, ')');
		(void) sql_execute(sql.data);
	}
}

/*
 * set_bounce sets the argument "bounce", if the document gives it.
 */
static void
set_bounce(const char *pipeline, JsonbContainer *definition)
{
	JsonbValue *value =
		getKeyJsonValueFromContainer(definition, BOUNCE, (int) strlen(BOUNCE), NULL);
	StringInfoData sql;

	if (value == NULL || value->type == jbvNull)
		return;
	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT sessionize.alter_pipeline(%s", quote_literal_cstr(pipeline));
	append_argument(&sql, BOUNCE, value);
	appendStringInfoChar(&sql, ')');
	(void) sql_execute(sql.data);
}

/*
 * enable_identity has the pipeline link keys and users to persons, if the document says so.
 */
static void
enable_identity(const char *pipeline, JsonbContainer *definition)
{
	JsonbValue *value =
		getKeyJsonValueFromContainer(definition, IDENTITY, (int) strlen(IDENTITY), NULL);
	StringInfoData sql;

	if (value == NULL)
		return;
	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT sessionize.enable_identity(%s", quote_literal_cstr(pipeline));
	append_arguments(&sql, value->val.binary.data, &identity_names, NULL);
	appendStringInfoChar(&sql, ')');
	(void) sql_execute(sql.data);
}

/*
 * sessionize_create_pipeline_defined creates a pipeline by a document.
 */
Datum
sessionize_create_pipeline_defined(PG_FUNCTION_ARGS)
{
	char *name;
	DefinedLists given = {NULL};
	StringInfoData sql;

	PreventCommandIfReadOnly("sessionize.create_pipeline()");
	for (int i = 0; i < 3; i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("name, source and definition must not be null"),
							errhint("sessionize.create_pipeline('web', 'events') creates a "
									"pipeline without a definition.")));
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT sessionize.create_pipeline(%s, %s", quote_literal_cstr(name),
					 quote_literal_cstr(text_to_cstring(PG_GETARG_TEXT_PP(1))));
	append_arguments(&sql, &PG_GETARG_JSONB_P(2)->root, &pipeline_names, given);
	if (strstr(sql.data, " => ") == NULL)
		appendStringInfoString(&sql, ", key => NULL");
	appendStringInfoChar(&sql, ')');
	(void) sql_execute(sql.data);
	for (size_t i = 0; i < lengthof(lists); i++)
		if (given[i] != NULL)
			add_list(name, &lists[i], given[i]);
	set_bounce(name, &PG_GETARG_JSONB_P(2)->root);
	enable_identity(name, &PG_GETARG_JSONB_P(2)->root);
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}
