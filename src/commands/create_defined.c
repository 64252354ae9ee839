/*
 * create_defined.c
 *		create_pipeline by a document, in which a definition moves between databases.
 *
 * The document's keys are the names of create_pipeline's arguments, and "measures", a list of
 * objects whose keys are the names of add_measure's arguments, and "identity", an object whose keys
 * are the names of enable_identity's arguments.  So the document is turned into calls of these
 * functions, which check it.
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

/* The keys of the list of measures, and of the limits of persons. */
#define MEASURES "measures"
#define IDENTITY "identity"

/* The arguments that a document may give, without those that are given apart. */
static const char *const pipeline_arguments[] = {
	"key",      "event_time", "event_id",     "event_name",     "user_id",
	"page",     "sent_at",    "received_at",  "raw_id",         "page_view",
	"filter",   "restart",    "gap",          "max_duration",   "max_events",
	"midnight", "time_zone",  "dedup_window", "skew_threshold", "max_lead",
	"oldest",   "too_old",    "store_events", "capture"};
static const char *const measure_arguments[] = {"name", "kind", "expression", "filter", "cap"};
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
static const Names measure_names = {measure_arguments, lengthof(measure_arguments), "a measure"};
static const Names identity_names = {identity_arguments, lengthof(identity_arguments), "persons"};

/* What a document has besides arguments; NULL: nothing. */
typedef struct Additions
{
	JsonbContainer *measures;
	JsonbContainer *identity;
} Additions;

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
 * measures_of returns the list of measures, and reports a value that is none.
 */
static JsonbContainer *
measures_of(const JsonbValue *value)
{
	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the value of \"%s\" in a definition must be an array", MEASURES),
						errhint("For instance: \"%s\": [{\"name\": \"events_seen\", \"kind\": "
								"\"count\"}]",
								MEASURES)));
	return value->val.binary.data;
}

/*
 * identity_of returns the object with the limits of persons, and reports a value that is none.
 */
static JsonbContainer *
identity_of(const JsonbValue *value)
{
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the value of \"%s\" in a definition must be an object", IDENTITY),
						errhint("For instance: \"%s\": {\"max_users_per_key\": 10}", IDENTITY)));
	return value->val.binary.data;
}

/*
 * append_arguments appends the members of an object as arguments of a call.  Those of a pipeline
 * that are no arguments go to additions, which is NULL for other objects.
 */
static void
append_arguments(StringInfo sql, JsonbContainer *object, const Names *names, Additions *additions)
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
		else if (token == WJB_VALUE && additions != NULL && strcmp(key, MEASURES) == 0)
			additions->measures = measures_of(&value);
		else if (token == WJB_VALUE && additions != NULL && strcmp(key, IDENTITY) == 0)
			additions->identity = identity_of(&value);
		else if (token == WJB_VALUE)
		{
			check_key(names, key);
			append_argument(sql, key, &value);
		}
	}
}

/*
 * add_measures adds the measures of a list.
 */
static void
add_measures(const char *pipeline, JsonbContainer *measures)
{
	JsonbIterator *iterator = JsonbIteratorInit(measures);
	JsonbIteratorToken token;
	JsonbValue value;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		StringInfoData sql;

		if (token != WJB_ELEM)
			continue;
		initStringInfo(&sql);
		appendStringInfo(&sql, "SELECT sessionize.add_measure(%s", quote_literal_cstr(pipeline));
		if (value.type != jbvBinary)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the definition of a measure must be an object"),
					 errhint("For instance: {\"name\": \"events_seen\", \"kind\": \"count\"}")));
		append_arguments(&sql, value.val.binary.data, &measure_names, NULL);
		appendStringInfoChar(&sql, ')');
		(void) sql_execute(sql.data);
	}
}

/*
 * enable_identity has the pipeline link keys and users to persons.
 */
static void
enable_identity(const char *pipeline, JsonbContainer *identity)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT sessionize.enable_identity(%s", quote_literal_cstr(pipeline));
	append_arguments(&sql, identity, &identity_names, NULL);
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
	Additions additions = {0};
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
	append_arguments(&sql, &PG_GETARG_JSONB_P(2)->root, &pipeline_names, &additions);
	if (strstr(sql.data, " => ") == NULL)
		appendStringInfoString(&sql, ", key => NULL");
	appendStringInfoChar(&sql, ')');
	(void) sql_execute(sql.data);
	if (additions.measures != NULL)
		add_measures(name, additions.measures);
	if (additions.identity != NULL)
		enable_identity(name, additions.identity);
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}
