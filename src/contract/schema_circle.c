/*
 * schema_circle.c
 *		Schemas that apply themselves to the same value, without end.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"

#include "contract/schema_circle.h"
#include "contract/schema_place.h"

/* What is known of a schema. */
enum
{
	NOT_SEEN,
	ON_THE_WAY, /* what it applies is being looked at */
	NO_CIRCLE
};

static void visit(SchemaNode *node);

/*
 * visit_list looks at schemas that are applied to the same value.
 */
static void
visit_list(const NodeList *list)
{
	for (uint32 i = 0; i < list->count; i++)
		visit(list->nodes[i]);
}

/*
 * visit_inner looks at all schemas that a schema applies to the same value.
 */
static void
visit_inner(const SchemaNode *node)
{
	const InPlaceRules *rules = node->in_place;

	if (rules != NULL)
	{
		visit(rules->ref);
		visit_list(&rules->all_of);
		visit_list(&rules->any_of);
		visit_list(&rules->one_of);
		visit(rules->not );
		visit(rules->if_node);
		visit(rules->then_node);
		visit(rules->else_node);
	}
	for (uint32 i = 0; node->object != NULL && i < node->object->ndependencies; i++)
		visit(node->object->dependencies[i].node);
}

/*
 * visit looks at a schema, unless it has been looked at.
 */
static void
visit(SchemaNode *node)
{
	if (node == NULL || node->mark == NO_CIRCLE)
		return;
	check_stack_depth();
	if (node->mark == ON_THE_WAY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the JSON schema at %s applies itself to the same value, without end",
						schema_place_path(node->place)),
				 errhint("Let it apply itself to parts of the value only, by \"properties\" "
						 "or \"items\".")));
	node->mark = ON_THE_WAY;
	visit_inner(node);
	node->mark = NO_CIRCLE;
}

/*
 * refuse_circles raises an error if one of the schemas applies itself to the same value.
 */
void
refuse_circles(SchemaNode *first)
{
	for (SchemaNode *node = first; node != NULL; node = node->next)
		visit(node);
}
