/*
 * unnamed.c
 *		The properties of a document that schemas do not name.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"

#include "contract/json_path.h"
#include "contract/program_cache.h"
#include "contract/unnamed.h"

PG_FUNCTION_INFO_V1(sz_unnamed_properties);

typedef struct Search
{
	const SchemaProgram *program; /* of the nodes that are being added */
	StringInfoData path;
	UnnamedTaker take;
	void *arg;
} Search;

static void visit(Search *search, List *nodes, JsonView value);

static List *add_node(const Search *search, List *nodes, SchemaNode *node);

/*
 * add_list adds the schemas of a list.
 */
static List *
add_list(const Search *search, List *nodes, const NodeList *list)
{
	for (uint32 i = 0; i < list->count; i++)
		nodes = add_node(search, nodes, list->nodes[i]);
	return nodes;
}

/*
 * add_in_place adds the schemas that a schema applies to the same value.
 */
static List *
add_in_place(const Search *search, List *nodes, const InPlaceRules *rules)
{
	nodes = add_node(search, nodes, rules->ref);
	if (rules->dynamic_ref != NULL)
	{
		nodes = add_node(search, nodes, rules->dynamic_ref->fallback);
		for (uint32 i = 0;
			 rules->dynamic_ref->by_resource != NULL && i < search->program->nresources; i++)
			nodes = add_node(search, nodes, rules->dynamic_ref->by_resource[i]);
	}
	nodes = add_list(search, nodes, &rules->all_of);
	nodes = add_list(search, nodes, &rules->any_of);
	nodes = add_list(search, nodes, &rules->one_of);
	nodes = add_node(search, nodes, rules->not );
	nodes = add_node(search, nodes, rules->if_node);
	nodes = add_node(search, nodes, rules->then_node);
	return add_node(search, nodes, rules->else_node);
}

/*
 * add_node adds a schema to those that are about a value, with those that it applies to the same
 * value; NULL adds nothing.
 */
static List *
add_node(const Search *search, List *nodes, SchemaNode *node)
{
	check_stack_depth();
	if (node == NULL || list_member_ptr(nodes, node))
		return nodes;
	nodes = lappend(nodes, node);
	if (node->in_place != NULL)
		nodes = add_in_place(search, nodes, node->in_place);
	for (uint32 i = 0; node->object != NULL && i < node->object->ndependencies; i++)
		nodes = add_node(search, nodes, node->object->dependencies[i].node);
	return nodes;
}

/*
 * has_name tells whether a schema names a property, and adds the schema that is about its value.
 */
static bool
has_name(const Search *search, const ObjectRules *rules, TextView key, List **nodes)
{
	bool is_named = false;

	for (uint32 i = 0; i < rules->nproperties; i++)
		if (json_key_compare(rules->properties[i].name, key) == 0)
		{
			*nodes = add_node(search, *nodes, rules->properties[i].node);
			is_named = true;
		}
	return is_named;
}

/*
 * has_pattern tells whether a schema has a rule for properties whose names it does not know, and
 * adds the schema that is about the value.
 */
static bool
has_pattern(const Search *search, const SchemaNode *node, TextView key, List **nodes)
{
	const ObjectRules *rules = node->object;
	SchemaNode *others[2] = {rules == NULL ? NULL : rules->additional,
							 node->unevaluated_properties};
	bool is_named = false;

	for (uint32 i = 0; rules != NULL && i < rules->npatterns; i++)
		if (pattern_matches(rules->patterns[i].pattern, key))
		{
			*nodes = add_node(search, *nodes, rules->patterns[i].node);
			is_named = true;
		}
	for (Size i = 0; i < lengthof(others); i++)
		if (others[i] != NULL && others[i]->accepts != 0)
		{
			*nodes = add_node(search, *nodes, others[i]);
			is_named = true;
		}
	return is_named;
}

/*
 * visit_member visits a member of an object.
 */
static void
visit_member(Search *search, const List *nodes, TextView key, JsonView value)
{
	List *inner = NIL;
	bool is_named = false;
	bool is_pattern = false;
	int length = search->path.len;
	ListCell *cell;

	foreach (cell, nodes)
	{
		const SchemaNode *node = lfirst(cell);

		if (node->object != NULL)
			is_named |= has_name(search, node->object, key, &inner);
	}
	foreach (cell, is_named ? NIL : nodes)
		is_pattern |= has_pattern(search, lfirst(cell), key, &inner);
	if (is_pattern)
		appendStringInfoString(&search->path, "/*");
	else
		json_path_append_key(&search->path, key);
	if (is_named || is_pattern)
		visit(search, inner, value);
	else
		search->take(search->arg, search->path.data, value);
	search->path.len = length;
	search->path.data[length] = '\0';
	list_free(inner);
}

/*
 * visit_element visits an element of an array.
 */
static void
visit_element(Search *search, const List *nodes, uint32 number, JsonView value)
{
	List *inner = NIL;
	int length = search->path.len;
	ListCell *cell;

	foreach (cell, nodes)
	{
		const SchemaNode *node = lfirst(cell);
		const ArrayRules *rules = node->array;

		inner = add_node(search, inner, node->unevaluated_items);
		if (rules == NULL)
			continue;
		inner = add_node(search, inner, rules->contains);
		inner = add_node(search, inner,
						 number < rules->prefix.count ? rules->prefix.nodes[number] : rules->rest);
	}
	appendStringInfoString(&search->path, "/*");
	visit(search, inner, value);
	search->path.len = length;
	search->path.data[length] = '\0';
	list_free(inner);
}

/*
 * visit visits the parts of a value that some schemas are about.
 */
static void
visit(Search *search, List *nodes, JsonView value)
{
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (value.kind == JSON_OBJECT)
	{
		JsonMembers members = json_members(value);

		for (uint32 i = 0; i < members.count; i++)
		{
			TextView key = json_next_key(&members.keys);

			visit_member(search, nodes, key, json_next(&members.values));
		}
	}
	else if (value.kind == JSON_ARRAY)
	{
		JsonCursor cursor = json_element(value, 0);
		uint32 count = json_count(value);

		for (uint32 i = 0; i < count; i++)
			visit_element(search, nodes, i, json_next(&cursor));
	}
}

/*
 * find_unnamed passes on the properties that no program names.
 */
void
find_unnamed(const SchemaProgram *const *programs, int count, const Jsonb *document,
			 UnnamedTaker take, void *arg)
{
	Search search = {.take = take, .arg = arg};
	List *nodes = NIL;

	initStringInfo(&search.path);
	for (int i = 0; i < count; i++)
	{
		search.program = programs[i];
		nodes = add_node(&search, nodes, programs[i]->root);
	}
	visit(&search, nodes, json_root(document));
}

/*
 * put_property appends a property to the result of a function.
 */
static void
put_property(void *arg, const char *path, JsonView value)
{
	ReturnSetInfo *result = arg;
	Datum values[2] = {CStringGetTextDatum(path), JsonbPGetDatum(json_copy(value))};
	bool nulls[2] = {false, false};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* The programs of one call. */
typedef struct Programs
{
	int count;
	CachedProgram **cached;
	const SchemaProgram **programs;
} Programs;

/*
 * get_programs compiles the schemas of an array, each with the documents of the same element of
 * another array.
 */
static void
get_programs(Programs *programs, JsonView schemas, JsonView documents)
{
	uint32 count = json_count(schemas);
	JsonCursor schema = json_element(schemas, 0);
	JsonCursor others = json_element(documents, 0);

	programs->cached = palloc0((count + 1) * sizeof(CachedProgram *));
	programs->programs = palloc((count + 1) * sizeof(SchemaProgram *));
	for (uint32 i = 0; i < count; i++)
	{
		ProgramKey key = {json_copy(json_next(&schema)), json_copy(json_next(&others)), true};

		programs->cached[i] = cached_program_get(&key);
		programs->programs[i] = cached_program(programs->cached[i]);
		programs->count++;
	}
}

/*
 * sz_unnamed_properties returns the properties of a document that none of some schemas names.
 */
Datum
sz_unnamed_properties(PG_FUNCTION_ARGS)
{
	JsonView schemas = json_root(PG_GETARG_JSONB_P(0));
	JsonView documents = json_root(PG_GETARG_JSONB_P(2));
	Programs programs = {0};

	if (schemas.kind != JSON_ARRAY || documents.kind != JSON_ARRAY ||
		json_count(schemas) != json_count(documents))
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("schemas and documents must be arrays of the same length"),
			 errhint("For instance: schemas => jsonb_build_array(schema), documents => '[{}]'")));
	InitMaterializedSRF(fcinfo, 0);
	PG_TRY();
	{
		get_programs(&programs, schemas, documents);
		find_unnamed(programs.programs, programs.count, PG_GETARG_JSONB_P(1), put_property,
					 fcinfo->resultinfo);
	}
	PG_FINALLY();
	{
		for (int i = 0; i < programs.count; i++)
			cached_program_release(programs.cached[i]);
	}
	PG_END_TRY();
	PG_RETURN_NULL();
}
