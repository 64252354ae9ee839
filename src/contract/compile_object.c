/*
 * compile_object.c
 *		Compiling the keywords about objects.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/compile_object.h"

/*
 * object_rules returns the rules of a node for objects.
 */
static ObjectRules *
object_rules(SchemaNode *node)
{
	if (node->object == NULL)
	{
		node->object = palloc0(sizeof(ObjectRules));
		node->object->max = PG_UINT32_MAX;
	}
	return node->object;
}

/*
 * compare_rules orders the rules for properties as jsonb orders keys.
 */
static int
compare_rules(const void *a, const void *b)
{
	return json_key_compare(((const PropertyRule *) a)->name, ((const PropertyRule *) b)->name);
}

/*
 * merge_rules makes one rule of those for the same name.
 */
static void
merge_rules(ObjectRules *rules)
{
	uint32 kept = 0;

	qsort(rules->properties, rules->nproperties, sizeof(PropertyRule), compare_rules);
	for (uint32 i = 0; i < rules->nproperties; i++)
	{
		PropertyRule *rule = &rules->properties[i];
		PropertyRule *last = kept == 0 ? NULL : &rules->properties[kept - 1];

		if (last != NULL && text_view_equal(last->name, rule->name))
		{
			last->required |= rule->required;
			if (last->node == NULL)
				last->node = rule->node;
		}
		else
			rules->properties[kept++] = *rule;
	}
	rules->nproperties = kept;
}

/*
 * reserve_rules makes room for more rules for properties, and returns where they begin.
 */
static PropertyRule *
reserve_rules(ObjectRules *rules, uint32 count)
{
	PropertyRule *all = palloc0((rules->nproperties + count + 1) * sizeof(PropertyRule));

	if (rules->nproperties > 0)
		memcpy(all, rules->properties, rules->nproperties * sizeof(PropertyRule));
	rules->properties = all;
	all += rules->nproperties;
	rules->nproperties += count;
	return all;
}

/*
 * compile_properties compiles "properties".
 */
static void
compile_properties(SchemaCompiler *compiler, const KeywordSite *site)
{
	ObjectRules *rules = object_rules(site->node);
	JsonMembers members = json_members(site->place->value);
	PropertyRule *rule = reserve_rules(rules, members.count);

	for (uint32 i = 0; i < members.count; i++)
	{
		rule[i].name = json_next_key(&members.keys);
		rule[i].node = compile_schema(
			compiler, schema_place_member(&compiler->index->places, site->place, rule[i].name));
	}
	merge_rules(rules);
}

/*
 * compile_required compiles "required".
 */
static void
compile_required(SchemaCompiler *compiler, const KeywordSite *site)
{
	ObjectRules *rules = object_rules(site->node);
	uint32 count = json_count(site->place->value);
	PropertyRule *rule = reserve_rules(rules, count);
	JsonCursor cursor = json_elements(site->place->value);

	(void) compiler;
	for (uint32 i = 0; i < count; i++)
	{
		rule[i].name = json_text(json_next(&cursor));
		rule[i].required = true;
	}
	merge_rules(rules);
}

/*
 * compile_pattern_properties compiles "patternProperties".
 */
static void
compile_pattern_properties(SchemaCompiler *compiler, const KeywordSite *site)
{
	ObjectRules *rules = object_rules(site->node);
	JsonMembers members = json_members(site->place->value);

	rules->npatterns = members.count;
	rules->patterns = palloc0((members.count + 1) * sizeof(PatternRule));
	for (uint32 i = 0; i < members.count; i++)
	{
		TextView regex = json_next_key(&members.keys);
		SchemaPlace *place = schema_place_member(&compiler->index->places, site->place, regex);

		rules->patterns[i].pattern = compile_regex(compiler, regex, site->place, regex);
		rules->patterns[i].node = compile_schema(compiler, place);
	}
}

/*
 * compile_additional_properties compiles "additionalProperties".
 */
static void
compile_additional_properties(SchemaCompiler *compiler, const KeywordSite *site)
{
	object_rules(site->node)->additional = compile_schema(compiler, site->place);
}

/*
 * compile_property_names compiles "propertyNames".
 */
static void
compile_property_names(SchemaCompiler *compiler, const KeywordSite *site)
{
	object_rules(site->node)->names = compile_schema(compiler, site->place);
}

/*
 * read_names returns the strings of an array.
 */
static const TextView *
read_names(JsonView array)
{
	uint32 count = json_count(array);
	TextView *names = palloc((count + 1) * sizeof(TextView));
	JsonCursor cursor = json_elements(array);

	for (uint32 i = 0; i < count; i++)
		names[i] = json_text(json_next(&cursor));
	return names;
}

/*
 * compile_dependencies compiles "dependentRequired", "dependentSchemas", and "dependencies", which
 * is both.
 */
static void
compile_dependencies(SchemaCompiler *compiler, const KeywordSite *site)
{
	ObjectRules *rules = object_rules(site->node);
	JsonMembers members = json_members(site->place->value);
	DependencyRule *all =
		palloc0((rules->ndependencies + members.count + 1) * sizeof(DependencyRule));

	if (rules->ndependencies > 0)
		memcpy(all, rules->dependencies, rules->ndependencies * sizeof(DependencyRule));
	rules->dependencies = all;
	for (uint32 i = 0; i < members.count; i++)
	{
		DependencyRule *rule = &all[rules->ndependencies++];
		JsonView value = json_next(&members.values);

		rule->keyword = site->id;
		rule->name = json_next_key(&members.keys);
		if (value.kind == JSON_ARRAY)
		{
			rule->required = read_names(value);
			rule->nrequired = json_count(value);
		}
		else
			rule->node = compile_schema(
				compiler, schema_place_member(&compiler->index->places, site->place, rule->name));
	}
}

/*
 * compile_min_properties compiles "minProperties".
 */
static void
compile_min_properties(SchemaCompiler *compiler, const KeywordSite *site)
{
	(void) compiler;
	object_rules(site->node)->min = site_count(site);
}

/*
 * compile_max_properties compiles "maxProperties".
 */
static void
compile_max_properties(SchemaCompiler *compiler, const KeywordSite *site)
{
	(void) compiler;
	object_rules(site->node)->max = site_count(site);
}

/*
 * compile_unevaluated_properties compiles "unevaluatedProperties".
 */
static void
compile_unevaluated_properties(SchemaCompiler *compiler, const KeywordSite *site)
{
	compiler->program->tracks_evaluated = true;
	site->node->unevaluated_properties = compile_schema(compiler, site->place);
}

const KeywordCompiler object_keywords[KEYWORDS] = {
	[KEYWORD_PROPERTIES] = compile_properties,
	[KEYWORD_REQUIRED] = compile_required,
	[KEYWORD_PATTERN_PROPERTIES] = compile_pattern_properties,
	[KEYWORD_ADDITIONAL_PROPERTIES] = compile_additional_properties,
	[KEYWORD_PROPERTY_NAMES] = compile_property_names,
	[KEYWORD_DEPENDENT_REQUIRED] = compile_dependencies,
	[KEYWORD_DEPENDENT_SCHEMAS] = compile_dependencies,
	[KEYWORD_DEPENDENCIES] = compile_dependencies,
	[KEYWORD_MIN_PROPERTIES] = compile_min_properties,
	[KEYWORD_MAX_PROPERTIES] = compile_max_properties,
	[KEYWORD_UNEVALUATED_PROPERTIES] = compile_unevaluated_properties,
};
