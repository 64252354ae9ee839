/*
 * dimensions.c
 *		sessionize.add_dimension() and drop_dimension(): the user's own dimensions.
 *
 * What a dimension needs of a raw row becomes attributes (source_change.h).  The dimension itself is
 * a table, a column of a fact with its surrogate keys, and columns of the views over the fact with
 * its attributes.  As after alter_pipeline, the next refresh rebuilds the star.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "commands/defrem.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#include "catalog/definition.h"
#include "catalog/definition_table.h"
#include "catalog/owner_scope.h"
#include "catalog/star_relation.h"
#include "commands/own_columns.h"
#include "commands/readers.h"
#include "commands/source_change.h"
#include "dirty/backfill.h"
#include "live/star_views.h"
#include "spi/sql.h"
#include "star/star.h"
#include "star/star_ddl.h"
#include "star/star_upkeep.h"

PG_FUNCTION_INFO_V1(sessionize_add_dimension);
PG_FUNCTION_INFO_V1(sessionize_drop_dimension);

/* The positions of the arguments. */
enum
{
	ARG_PIPELINE,
	ARG_NAME,
	ARG_ATTRIBUTES,
	ARG_GRAIN,
	ARG_PICK,
	ARG_MAX_MEMBERS
};

/* The longest prefix and suffix that a dimension's name gets. */
#define LONGEST_AFFIX 4

/*
 * check_name reports a name that no new dimension can have.
 */
static void
check_name(const Pipeline *pipeline, const char *name)
{
	if (name == NULL || strlen(name) + LONGEST_AFFIX >= NAMEDATALEN)
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_NAME),
			 name == NULL ? errmsg("a dimension must have a name")
						  : errmsg("\"%s\" can't be the name of a dimension", name),
			 errdetail("The table is called dim_NAME, and the columns that refer to it NAME_key: "
					   "a name has 1 to %d bytes.",
					   NAMEDATALEN - 1 - LONGEST_AFFIX),
			 errhint("Choose a short name, such as name => 'campaign'.")));
	if (OidIsValid(get_relname_relid(psprintf("dim_%s", name), pipeline->schema)))
		ereport(ERROR, (errcode(ERRCODE_DUPLICATE_TABLE),
						errmsg("pipeline \"%s\" has a table dim_%s already", pipeline->name, name),
						errhint("Choose another name.  SELECT * FROM sessionize.dimensions shows "
								"the dimensions there are; drop_dimension drops one.")));
}

/*
 * read_pick returns which event gives a session, or an event, its member.
 */
static DimensionPick
read_pick(FunctionCallInfo fcinfo, bool of_events)
{
	const char *name = own_text_argument(fcinfo, ARG_PICK);
	DimensionPick pick = name == NULL ? PICK_FIRST : dimension_pick_find(name);

	if (pick == DIMENSION_PICKS)
		own_report_choice("pick", name,
						  "first, last, first_not_null, last_not_null, entry, exit or "
						  "last_known");
	if (!of_events || pick == PICK_LAST_KNOWN)
		return pick;
	if (pick != PICK_FIRST)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a dimension of events has no pick \"%s\"", name),
						errdetail("Each event has its own member."),
						errhint("Leave out pick, or say pick => 'last_known', or grain => "
								"'session'.")));
	return PICK_ITSELF;
}

/*
 * read_max_members returns how many members the dimension can have; 0 for any number.
 */
static int64
read_max_members(FunctionCallInfo fcinfo)
{
	int64 most = PG_ARGISNULL(ARG_MAX_MEMBERS) ? 0 : PG_GETARG_INT64(ARG_MAX_MEMBERS);

	if (!PG_ARGISNULL(ARG_MAX_MEMBERS) && most < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("max_members must be at least 1"),
				 errhint("Leave it out if the dimension can have any number of members.")));
	return most;
}

/*
 * report_attributes reports that the argument "attributes" is no object of texts.
 */
pg_noreturn static void
report_attributes(void)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("attributes must be an object of names and expressions"),
					errhint("For instance: attributes => '{\"source\": \"utm_source\", "
							"\"medium\": \"utm_medium\"}'")));
}

/*
 * check_attribute reports a name that no attribute of the dimension can have.
 */
static void
check_attribute(const DimensionDefinition *dimension, const char *name)
{
	if (name[0] == '\0' || strlen(name) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("\"%s\" can't be the name of an attribute", name),
				 errdetail("It is also the name of a column: 1 to %d bytes.", NAMEDATALEN - 1)));
	if (strcmp(name, dimension->key) == 0 || strcmp(name, "member") == 0)
		ereport(ERROR, (errcode(ERRCODE_DUPLICATE_COLUMN),
						errmsg("table %s has a column \"%s\" of its own", dimension->table, name),
						errhint("Choose another name for the attribute.")));
	if (dimension->nattributes == SOURCE_CHANGE_MAX)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("dimension \"%s\" has too many attributes", dimension->name),
						errdetail("%d is the most.", SOURCE_CHANGE_MAX)));
}

/*
 * add_attribute adds an attribute to the dimension.
 */
static void
add_attribute(DimensionDefinition *dimension, char *name, const JsonbValue *value)
{
	char *given;

	if (value->type != jbvString)
		report_attributes();
	given = pnstrdup(value->val.string.val, value->val.string.len);
	if (given[0] == '\0')
		report_attributes();
	check_attribute(dimension, name);
	dimension->attributes[dimension->nattributes++] =
		(MemberAttribute){.name = name, .given = given};
}

/*
 * read_attributes reads the argument "attributes".
 */
static void
read_attributes(FunctionCallInfo fcinfo, DimensionDefinition *dimension)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;
	char *name = NULL;

	if (PG_ARGISNULL(ARG_ATTRIBUTES) || !JB_ROOT_IS_OBJECT(PG_GETARG_JSONB_P(ARG_ATTRIBUTES)))
		report_attributes();
	iterator = JsonbIteratorInit(&PG_GETARG_JSONB_P(ARG_ATTRIBUTES)->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			name = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE)
			add_attribute(dimension, name, &value);
	}
	if (dimension->nattributes == 0)
		report_attributes();
}

/*
 * check_columns reports a column of the dimension whose name the fact, or the view over it, has
 * already.
 */
static void
check_columns(const Pipeline *pipeline, const DimensionDefinition *dimension)
{
	const StarView *view = star_view(pipeline, own_view(dimension->of_events));

	own_check_column(pipeline, view, dimension->key, "dimension");
	for (int i = 0; i < dimension->nattributes; i++)
		own_check_column(pipeline, view, dimension->attributes[i].column, "dimension");
	for (int i = 0; i < dimension->nattributes; i++)
		if (strlen(dimension->attributes[i].column) >= NAMEDATALEN)
			ereport(ERROR, (errcode(ERRCODE_NAME_TOO_LONG),
							errmsg("\"%s\" is too long for the name of a column",
								   dimension->attributes[i].column),
							errhint("Choose a shorter name for the dimension or the attribute.")));
}

/*
 * read_dimension returns the dimension that add_dimension's arguments describe.
 */
static DimensionDefinition
read_dimension(FunctionCallInfo fcinfo, const Pipeline *pipeline)
{
	DimensionDefinition dimension = {.number = definition_next_number(pipeline)};
	const char *name = own_text_argument(fcinfo, ARG_NAME);

	own_check_count(pipeline, "dimensions",
					pipeline->definition == NULL ? 0 : pipeline->definition->ndimensions,
					DIMENSIONS_MAX);
	check_name(pipeline, name);
	dimension.attributes = palloc0(SOURCE_CHANGE_MAX * sizeof(MemberAttribute));
	dimension.of_events = own_grain_argument(fcinfo, ARG_GRAIN, pipeline);
	dimension.pick = read_pick(fcinfo, dimension.of_events);
	dimension.max_members = read_max_members(fcinfo);
	dimension_set_name(&dimension, name);
	read_attributes(fcinfo, &dimension);
	dimension_name_columns(&dimension);
	check_columns(pipeline, &dimension);
	return dimension;
}

/*
 * add_values adds what the dimension needs of a raw row to the change.
 */
static void
add_values(SourceChange *change, DimensionDefinition *dimension)
{
	for (int i = 0; i < dimension->nattributes; i++)
	{
		MemberAttribute *attribute = &dimension->attributes[i];
		Oid type;
		Node *value = own_value_parse(change->raw, attribute->name, attribute->given, &type);

		attribute->attribute = source_change_add(change, attribute->column, attribute->given, type,
												 own_value_sql(change->raw, value, type, true));
	}
}

/*
 * comment_dimension comments on the dimension's table, and on its columns of facts and views.
 */
static void
comment_dimension(const Pipeline *pipeline, StarRelationId table,
				  const DimensionDefinition *dimension)
{
	const StarView *view = star_view(pipeline, own_view(dimension->of_events));

	star_comment_relation(pipeline, table);
	star_comment_columns(pipeline, view->fact, dimension->key);
	for (int i = 0; i < dimension->nattributes; i++)
	{
		star_comment_columns(pipeline, view->relation, dimension->attributes[i].column);
		star_comment_columns(pipeline, view->live, dimension->attributes[i].column);
	}
}

/*
 * create_dimension makes the table of the pipeline's last dimension, and the columns that refer to
 * it.
 */
static void
create_dimension(const Pipeline *pipeline)
{
	int last = pipeline->definition->ndimensions - 1;
	const DimensionDefinition *dimension = &pipeline->definition->dimensions[last];
	StarRelationId table = STAR_OWN_DIMENSION + last;
	StarRelationId fact = star_view(pipeline, own_view(dimension->of_events))->fact;

	star_lock_views(pipeline);
	star_create_table(pipeline, table);
	star_add_column(pipeline, fact, dimension->key);
	star_create_views(pipeline);
	comment_dimension(pipeline, table, dimension);
	readers_add_relation(pipeline, table);
}

/*
 * sessionize_add_dimension adds a dimension.
 */
Datum
sessionize_add_dimension(PG_FUNCTION_ARGS)
{
	SourceChange change = {0};
	DimensionDefinition dimension;
	Pipeline *pipeline;
	OwnerScope scope;

	PreventCommandIfReadOnly("sessionize.add_dimension()");
	change.pipeline = pipeline = own_lock_pipeline(fcinfo);
	dimension = read_dimension(fcinfo, pipeline);
	change.raw = table_open(pipeline->source, AccessShareLock);
	add_values(&change, &dimension);
	owner_scope_enter(&scope, pipeline);
	/* without a star, nothing is half filled */
	dimension.is_visible = star_is_empty(pipeline);
	source_change_apply(&change);
	definition_add_dimension(pipeline->id, &dimension);
	pipeline = own_load_changed(pipeline);
	create_dimension(pipeline);
	backfill_clear(pipeline);
	owner_scope_leave(&scope);
	own_outdate(pipeline);
	table_close(change.raw, NoLock);
	PG_RETURN_VOID();
}

/*
 * find_dimension returns the dimension of a name.
 */
static const DimensionDefinition *
find_dimension(const Pipeline *pipeline, const char *name)
{
	const Definition *definition = pipeline->definition;

	for (int i = 0; definition != NULL && name != NULL && i < definition->ndimensions; i++)
		if (strcmp(definition->dimensions[i].name, name) == 0)
			return &definition->dimensions[i];
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 name == NULL ? errmsg("the name of a dimension must not be null")
						  : errmsg("pipeline \"%s\" has no dimension \"%s\"", pipeline->name, name),
			 errhint("SELECT * FROM sessionize.dimensions shows the dimensions there are.")));
}

/*
 * sessionize_drop_dimension drops a dimension.
 */
Datum
sessionize_drop_dimension(PG_FUNCTION_ARGS)
{
	SourceChange change = {0};
	const DimensionDefinition *dimension;
	Pipeline *pipeline;
	OwnerScope scope;
	StarRelationId fact;

	PreventCommandIfReadOnly("sessionize.drop_dimension()");
	change.pipeline = pipeline = own_lock_pipeline(fcinfo);
	dimension = find_dimension(pipeline, own_text_argument(fcinfo, ARG_NAME));
	fact = star_view(pipeline, own_view(dimension->of_events))->fact;
	change.raw = table_open(pipeline->source, AccessShareLock);
	for (int i = 0; i < dimension->nattributes; i++)
		source_change_remove(&change, dimension->attributes[i].attribute);
	owner_scope_enter(&scope, pipeline);
	source_change_apply(&change);
	definition_drop_dimension(pipeline->id, dimension->number);
	pipeline = own_load_changed(pipeline);
	star_recreate_views(pipeline);
	star_drop_column(pipeline, fact, dimension->key);
	star_drop_table(pipeline, dimension->table);
	backfill_clear(pipeline);
	owner_scope_leave(&scope);
	own_outdate(pipeline);
	table_close(change.raw, NoLock);
	PG_RETURN_VOID();
}
