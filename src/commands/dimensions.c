/*
 * dimensions.c
 *		sessionize.add_dimension() and drop_dimension(): the user's own dimensions.
 *
 * What a dimension needs of a raw row becomes attributes (source_change.h). The dimension itself is
 * a table, a column of a fact with its surrogate keys, and columns of the views over the fact with
 * its attributes. As after alter_pipeline, the next refresh rebuilds the star.
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
#include "catalog/pipeline_function.h"
#include "catalog/star_relation.h"
#include "commands/dimensions.h"
#include "commands/outdate.h"
#include "commands/own_columns.h"
#include "commands/readers.h"
#include "commands/rollups.h"
#include "commands/source_change.h"
#include "live/star_views.h"
#include "spi/sql.h"
#include "star/star.h"
#include "star/star_ddl.h"
#include "star/star_upkeep.h"
#include "star/star_versions.h"

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

/* The most attributes that a dimension can have. */
#define ATTRIBUTES_OF_DIMENSION 32

/* What the name of a dimension's table, or of the columns that refer to it, adds to its name. */
#define AFFIX_OF_TABLE 4

/*
 * check_name reports a name that no new dimension can have.
 */
static void
check_name(const char *name)
{
	if (name == NULL || strlen(name) + AFFIX_OF_TABLE >= NAMEDATALEN)
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_NAME),
			 name == NULL ? errmsg("a dimension must have a name")
						  : errmsg("\"%s\" can't be the name of a dimension", name),
			 errdetail("The table is called dim_NAME, and the columns that refer to it NAME_key: "
					   "a name has 1 to %d bytes.",
					   NAMEDATALEN - 1 - AFFIX_OF_TABLE),
			 errhint("Choose a short name, such as name => 'campaign'.")));
}

/*
 * check_relation reports a new table or view whose name one has already.
 */
static void
check_relation(const Pipeline *pipeline, const char *name)
{
	Oid present = get_relname_relid(name, pipeline->schema);

	if (OidIsValid(present))
		ereport(ERROR, (errcode(ERRCODE_DUPLICATE_TABLE),
						errmsg("pipeline \"%s\" has a %s %s already", pipeline->name,
							   get_rel_relkind(present) == RELKIND_VIEW ? "view" : "table", name),
						errhint("Choose another name.  SELECT * FROM sessionize.dimensions shows "
								"the dimensions there are; drop_dimension drops one.")));
}

/*
 * report_twice reports a view of versions that would have two columns of a name.
 */
pg_noreturn static void
report_twice(const DimensionDefinition *dimension, const char *column)
{
	ereport(
		ERROR,
		(errcode(ERRCODE_DUPLICATE_COLUMN),
		 errmsg("view %s would have two columns \"%s\"", dimension->versions, column),
		 errdetail("The view of a dimension's versions has columns for the session key, the time "
				   "and the member's key, and one for each attribute."),
		 errhint("Choose another name for the dimension or the attribute.")));
}

/*
 * check_versions reports what stands in the way of the view of a new dimension's versions.
 */
static void
check_versions(const Pipeline *pipeline, const DimensionDefinition *dimension)
{
	int count;
	const StarVersionColumn *columns = star_version_columns(dimension, &count);

	if (strlen(dimension->versions) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("\"%s\" can't be the name of a dimension with versions", dimension->name),
				 errdetail("The view of its versions would be called %s, which is longer than %d "
						   "bytes.",
						   dimension->versions, NAMEDATALEN - 1),
				 errhint("Choose a short name, such as name => 'plan'.")));
	check_relation(pipeline, dimension->versions);
	for (int i = 0; i < count; i++)
		for (int j = 0; j < i; j++)
			if (strcmp(columns[i].name, columns[j].name) == 0)
				report_twice(dimension, columns[i].name);
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
	if (dimension->nattributes == ATTRIBUTES_OF_DIMENSION)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("dimension \"%s\" has too many attributes", dimension->name),
						errdetail("%d is the most.", ATTRIBUTES_OF_DIMENSION)));
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
 * dimension_read returns the dimension that add_dimension's arguments describe.
 */
DimensionDefinition
dimension_read(FunctionCallInfo fcinfo, const Pipeline *pipeline)
{
	DimensionDefinition dimension = {0};
	const char *name = own_text_argument(fcinfo, ARG_NAME);

	check_name(name);
	dimension.attributes = palloc0(ATTRIBUTES_OF_DIMENSION * sizeof(MemberAttribute));
	dimension.of_events = own_grain_argument(fcinfo, ARG_GRAIN, pipeline);
	dimension.pick = read_pick(fcinfo, dimension.of_events);
	dimension.max_members = read_max_members(fcinfo);
	dimension_set_name(&dimension, name);
	read_attributes(fcinfo, &dimension);
	dimension_name_columns(&dimension);
	return dimension;
}

/*
 * dimension_value_sql returns the text of an attribute for the view "source", and its type.
 */
char *
dimension_value_sql(Relation raw, const MemberAttribute *attribute, Oid *type)
{
	Node *value = own_value_parse(raw, attribute->name, attribute->given, type);

	return own_value_sql(raw, value, *type, true);
}

/*
 * begin_dimension checks a new dimension, and adds what it needs of a raw row to the change.
 */
static void
begin_dimension(SourceChange *change, DimensionDefinition *dimension)
{
	const Pipeline *pipeline = change->pipeline;

	own_check_count(pipeline, "dimensions",
					pipeline->definition == NULL ? 0 : pipeline->definition->ndimensions,
					DIMENSIONS_MAX);
	check_relation(pipeline, dimension->table);
	check_columns(pipeline, dimension);
	if (dimension->versions != NULL)
		check_versions(pipeline, dimension);
	dimension->number = definition_next_number(pipeline);
	for (int i = 0; i < dimension->nattributes; i++)
	{
		MemberAttribute *attribute = &dimension->attributes[i];
		Oid type;
		const char *sql = dimension_value_sql(change->raw, attribute, &type);

		attribute->attribute =
			source_change_add(change, attribute->column, attribute->given, type, sql);
	}
}

/*
 * comment_dimension comments on the table of a dimension, on the view of its versions, and on its
 * columns of facts and views.  place is that of the dimension in the definition.
 */
static void
comment_dimension(const Pipeline *pipeline, int place)
{
	const DimensionDefinition *dimension = &pipeline->definition->dimensions[place];
	const StarView *view = star_view(pipeline, own_view(dimension->of_events));

	star_comment_relation(pipeline, STAR_OWN_DIMENSION + place);
	if (dimension->versions != NULL)
		star_comment_relation(pipeline, STAR_OWN_VERSIONS + place);
	star_comment_columns(pipeline, view->fact, dimension->key);
	for (int i = 0; i < dimension->nattributes; i++)
	{
		star_comment_columns(pipeline, view->relation, dimension->attributes[i].column);
		star_comment_columns(pipeline, view->live, dimension->attributes[i].column);
	}
}

/*
 * create_dimension makes the table of the pipeline's last dimension, the columns that refer to it,
 * and the view of its versions.
 */
static void
create_dimension(const Pipeline *pipeline)
{
	int last = pipeline->definition->ndimensions - 1;
	const DimensionDefinition *dimension = &pipeline->definition->dimensions[last];
	List *added = list_make1_int(STAR_OWN_DIMENSION + last);
	StarRelationId fact = star_view(pipeline, own_view(dimension->of_events))->fact;

	star_lock_views(pipeline);
	star_create_table(pipeline, STAR_OWN_DIMENSION + last);
	star_add_column(pipeline, fact, dimension->key);
	star_create_views(pipeline);
	comment_dimension(pipeline, last);
	if (dimension->versions != NULL)
		added = lappend_int(added, STAR_OWN_VERSIONS + last);
	readers_add_relations(pipeline, added);
}

/*
 * dimension_add adds a dimension.
 */
Pipeline *
dimension_add(Pipeline *pipeline, Relation raw, DimensionDefinition dimension)
{
	SourceChange change = {.pipeline = pipeline, .raw = raw};
	OwnerScope scope;

	begin_dimension(&change, &dimension);
	owner_scope_enter(&scope, pipeline);
	/* without a star, nothing is half filled */
	dimension.is_visible = star_is_empty(pipeline);
	source_change_apply(&change);
	definition_add_dimension(pipeline->id, &dimension);
	pipeline = own_load_changed(pipeline);
	create_dimension(pipeline);
	owner_scope_leave(&scope);
	pipeline_outdate_columns(pipeline);
	return pipeline;
}

/*
 * sessionize_add_dimension adds a dimension.
 */
PIPELINE_FUNCTION(sessionize_add_dimension)
{
	Pipeline *pipeline;
	Relation raw;

	PreventCommandIfReadOnly("sessionize.add_dimension()");
	pipeline = own_lock_pipeline(fcinfo);
	raw = table_open(pipeline->source, AccessShareLock);
	(void) dimension_add(pipeline, raw, dimension_read(fcinfo, pipeline));
	table_close(raw, NoLock);
	PG_RETURN_VOID();
}

/*
 * dimension_find returns the dimension of a name.
 */
const DimensionDefinition *
dimension_find(const Pipeline *pipeline, const char *name)
{
	const Definition *definition = pipeline->definition;

	for (int i = 0; definition != NULL && name != NULL && i < definition->ndimensions; i++)
		if (strcmp(definition->dimensions[i].name, name) == 0)
			return &definition->dimensions[i];
	return NULL;
}

/*
 * find_dimension returns the dimension of a name, and reports a name that is none.
 */
static const DimensionDefinition *
find_dimension(const Pipeline *pipeline, const char *name)
{
	const DimensionDefinition *dimension = dimension_find(pipeline, name);

	if (dimension == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 name == NULL
					 ? errmsg("the name of a dimension must not be null")
					 : errmsg("pipeline \"%s\" has no dimension \"%s\"", pipeline->name, name),
				 errhint("SELECT * FROM sessionize.dimensions shows the dimensions there are.")));
	return dimension;
}

/*
 * dimension_drop drops a dimension.
 */
Pipeline *
dimension_drop(Pipeline *pipeline, Relation raw, const DimensionDefinition *dimension)
{
	SourceChange change = {.pipeline = pipeline, .raw = raw};
	StarRelationId fact = star_view(pipeline, own_view(dimension->of_events))->fact;
	OwnerScope scope;

	for (int i = 0; i < dimension->nattributes; i++)
		source_change_remove(&change, dimension->attributes[i].attribute);
	owner_scope_enter(&scope, pipeline);
	source_change_apply(&change);
	definition_drop_dimension(pipeline->id, dimension->number);
	pipeline = own_load_changed(pipeline);
	if (dimension->versions != NULL)
		star_drop_by(psprintf("DROP VIEW %s",
							  quote_qualified_identifier(pipeline->name, dimension->versions)));
	star_recreate_views(pipeline);
	star_drop_column(pipeline, fact, dimension->key);
	star_drop_table(pipeline, dimension->table);
	owner_scope_leave(&scope);
	pipeline_outdate_columns(pipeline);
	return pipeline;
}

/*
 * sessionize_drop_dimension drops a dimension.
 */
PIPELINE_FUNCTION(sessionize_drop_dimension)
{
	const DimensionDefinition *dimension;
	Pipeline *pipeline;
	Relation raw;

	PreventCommandIfReadOnly("sessionize.drop_dimension()");
	pipeline = own_lock_pipeline(fcinfo);
	dimension = find_dimension(pipeline, own_text_argument(fcinfo, ARG_NAME));
	rollup_check_unused(pipeline, dimension->of_events, dimension->key, "dimension",
						dimension->name);
	raw = table_open(pipeline->source, AccessShareLock);
	(void) dimension_drop(pipeline, raw, dimension);
	table_close(raw, NoLock);
	PG_RETURN_VOID();
}

/*
 * dimension_has_form tells whether a dimension has the form of another one.
 */
bool
dimension_has_form(const DimensionDefinition *dimension, const DimensionDefinition *wanted)
{
	if (dimension->of_events != wanted->of_events || dimension->pick != wanted->pick ||
		dimension->max_members != wanted->max_members ||
		dimension->nattributes != wanted->nattributes)
		return false;
	for (int i = 0; i < dimension->nattributes; i++)
		if (strcmp(dimension->attributes[i].name, wanted->attributes[i].name) != 0)
			return false;
	return true;
}

/*
 * dimension_is_same tells whether two dimensions have the same members.
 */
bool
dimension_is_same(const Pipeline *pipeline, Relation raw, const DimensionDefinition *present,
				  const DimensionDefinition *wanted)
{
	if (!dimension_has_form(present, wanted))
		return false;
	for (int i = 0; i < present->nattributes; i++)
	{
		Oid type;
		const char *sql = dimension_value_sql(raw, &wanted->attributes[i], &type);

		if (!own_attribute_is(pipeline, raw, present->attributes[i].attribute, type, sql))
			return false;
	}
	return true;
}

/*
 * has_texts tells whether a dimension was given by the same texts as another one of its form.
 */
static bool
has_texts(const DimensionDefinition *dimension, const DimensionDefinition *wanted)
{
	for (int i = 0; i < dimension->nattributes; i++)
		if (strcmp(dimension->attributes[i].given, wanted->attributes[i].given) != 0)
			return false;
	return true;
}

/*
 * replace stores the texts of a dimension, whose attributes stay, and comments on them.  It returns
 * the pipeline as it is then.
 */
static Pipeline *
replace(const Pipeline *pipeline, const DimensionDefinition *present,
		const DimensionDefinition *wanted)
{
	DimensionDefinition noted = *present;
	Pipeline *changed;

	noted.attributes = palloc(present->nattributes * sizeof(MemberAttribute));
	for (int i = 0; i < present->nattributes; i++)
	{
		noted.attributes[i] = present->attributes[i];
		noted.attributes[i].given = wanted->attributes[i].given;
		own_attribute_note(pipeline, noted.attributes[i].attribute, noted.attributes[i].given);
	}
	definition_drop_dimension(pipeline->id, noted.number);
	definition_add_dimension(pipeline->id, &noted);
	changed = own_load_changed(pipeline);
	for (int i = 0; i < changed->definition->ndimensions; i++)
		if (changed->definition->dimensions[i].number == noted.number)
			comment_dimension(changed, i);
	return changed;
}

/*
 * dimension_note stores the texts by which a dimension was given.
 */
void
dimension_note(const Pipeline *pipeline, const DimensionDefinition *present,
			   const DimensionDefinition *wanted)
{
	OwnerScope scope;

	if (has_texts(present, wanted))
		return;
	owner_scope_enter(&scope, pipeline);
	(void) replace(pipeline, present, wanted);
	owner_scope_leave(&scope);
}

/*
 * change_attributes adds the other expressions of a dimension's attributes to the change. It
 * returns false if one of them has another type.
 */
static bool
change_attributes(SourceChange *change, const DimensionDefinition *present,
				  const DimensionDefinition *wanted)
{
	for (int i = 0; i < present->nattributes; i++)
	{
		int attribute = present->attributes[i].attribute;
		Oid type;
		const char *sql = dimension_value_sql(change->raw, &wanted->attributes[i], &type);

		if (change->pipeline->types[attribute_column(attribute)] != type)
			return false;
		source_change_replace(change, attribute, wanted->attributes[i].given, type, sql);
	}
	return true;
}

/*
 * dimension_change gives a dimension other attributes.
 */
Pipeline *
dimension_change(Pipeline *pipeline, Relation raw, const DimensionDefinition *present,
				 DimensionDefinition wanted)
{
	SourceChange change = {.pipeline = pipeline, .raw = raw};
	OwnerScope scope;

	if (!dimension_has_form(present, &wanted) || !change_attributes(&change, present, &wanted))
		return dimension_add(dimension_drop(pipeline, raw, present), raw, wanted);
	owner_scope_enter(&scope, pipeline);
	source_change_apply(&change);
	pipeline = replace(pipeline, present, &wanted);
	owner_scope_leave(&scope);
	pipeline_outdate_columns(pipeline);
	return pipeline;
}
