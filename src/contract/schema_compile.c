/*
 * schema_compile.c
 *		Compiling a JSON Schema.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "contract/compile_array.h"
#include "contract/compile_in_place.h"
#include "contract/compile_object.h"
#include "contract/compile_value.h"
#include "contract/schema_circle.h"
#include "contract/schema_compile.h"

/* So many dynamic references times schemas with a URI are allowed. */
#define MAX_DYNAMIC_TARGETS 1000000

/* A schema may have so many bytes. */
#define SCHEMA_MAX_BYTES (8 * 1024 * 1024)

/*
 * compile_keyword compiles one keyword of a schema.
 */
static void
compile_keyword(SchemaCompiler *compiler, SchemaPlace *schema, const Keyword *keyword)
{
	const KeywordCompiler *const purposes[] = {value_keywords, array_keywords, object_keywords,
											   in_place_keywords};

	for (Size i = 0; i < lengthof(purposes); i++)
	{
		KeywordCompiler compile = purposes[i][keyword->id];
		KeywordSite site = {keyword->id, schema->node, schema, NULL};

		if (compile == NULL)
			continue;
		site.place = schema_place_member(&compiler->index->places, schema, keyword->name);
		compile(compiler, &site);
	}
}

/*
 * compile_keywords compiles the keywords of a schema that is an object.  Nothing counts beside a
 * "$ref" of draft-07.
 */
static void
compile_keywords(SchemaCompiler *compiler, SchemaPlace *place)
{
	const SchemaResource *resource = place->resource;
	JsonMembers members = json_members(place->value);
	JsonView ref;
	bool only_ref =
		resource->draft == DRAFT_7 && json_get(place->value, keyword_text(KEYWORD_REF), &ref);

	for (uint32 i = 0; i < members.count; i++)
	{
		const Keyword *keyword = keyword_find(json_next_key(&members.keys), resource->draft);

		if (keyword != NULL && (keyword->vocabulary & resource->vocabularies) != 0 &&
			(!only_ref || keyword->id == KEYWORD_REF))
			compile_keyword(compiler, place, keyword);
	}
}

/*
 * look_at tells for which types more than the type is looked at.
 */
static uint8
look_at(const SchemaNode *node)
{
	uint8 types = 0;

	if (node->values != NULL || node->constant != NULL || node->in_place != NULL)
		return ALL_TYPES;
	if (node->number != NULL ||
		(node->types & (TYPE_INTEGER | TYPE_BIT(JSON_NUMBER))) == TYPE_INTEGER)
		types |= TYPE_BIT(JSON_NUMBER);
	if (node->string != NULL)
		types |= TYPE_BIT(JSON_STRING);
	if (node->array != NULL || node->unevaluated_items != NULL)
		types |= TYPE_BIT(JSON_ARRAY);
	if (node->object != NULL || node->unevaluated_properties != NULL)
		types |= TYPE_BIT(JSON_OBJECT);
	return types;
}

/*
 * compile_node compiles a schema into its node.
 */
static void
compile_node(SchemaCompiler *compiler, SchemaNode *node)
{
	SchemaPlace *place = unconstify(SchemaPlace *, node->place);

	CHECK_FOR_INTERRUPTS();
	if (place->value.kind == JSON_OBJECT)
		compile_keywords(compiler, place);
	else if (!place->value.truth)
		node->types = 0;
	node->look_at = look_at(node);
	node->plain = node->values == NULL && node->constant == NULL && node->in_place == NULL &&
				  node->unevaluated_items == NULL && node->unevaluated_properties == NULL;
	if (node->types & TYPE_INTEGER)
		node->accepts = node->types | TYPE_BIT(JSON_NUMBER);
	else
		node->accepts = node->types;
}

/*
 * require_few_targets raises an error if dynamic references and schemas with a URI, which each of
 * them may lead to, are too many together.
 */
static void
require_few_targets(const SchemaCompiler *compiler)
{
	if ((uint64) compiler->ndynamic_refs * compiler->index->resources.count > MAX_DYNAMIC_TARGETS)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("the JSON schema has %u dynamic references and %u schemas with a "
							   "URI, too many together",
							   compiler->ndynamic_refs, compiler->index->resources.count),
						errhint("Use \"$ref\" where no other schema is to take its place.")));
}

/*
 * link_dynamic_ref makes the schemas that a dynamic reference may mean known to it; returns whether
 * some of them are yet to be compiled.
 */
static void
link_dynamic_ref(SchemaCompiler *compiler, DynamicRef *ref)
{
	SchemaIndex *index = compiler->index;

	CHECK_FOR_INTERRUPTS();
	if (ref->by_resource != NULL)
		pfree(ref->by_resource);
	ref->by_resource = palloc0(index->resources.count * sizeof(SchemaNode *));
	for (uint32 i = 0; i < index->resources.count; i++)
	{
		SchemaAnchor *anchor = schema_anchor_find(index->resources.all[i], ref->name);

		if (anchor != NULL && anchor->dynamic)
			ref->by_resource[i] = compile_schema(compiler, anchor->place);
	}
}

/*
 * compile_all compiles all schemas that the first one refers to.  A schema that a dynamic reference
 * may mean may bring more documents, with more schemas of the same name.
 */
static void
compile_all(SchemaCompiler *compiler)
{
	SchemaNode *node = compiler->first;

	while (node != NULL)
	{
		SchemaNode *last = node;

		for (; node != NULL; node = node->next)
		{
			compile_node(compiler, node);
			last = node;
		}
		require_few_targets(compiler);
		for (uint32 i = 0; i < compiler->ndynamic_refs; i++)
			link_dynamic_ref(compiler, compiler->dynamic_refs[i]);
		node = last->next;
	}
	compiler->program->nresources = compiler->index->resources.count;
}

/*
 * compile_document compiles a schema that the program owns.
 */
static void
compile_document(SchemaProgram *program, const Jsonb *schema, const SchemaSource *source,
				 SchemaOptions options)
{
	SchemaCompiler compiler = {.program = program, .options = options};

	compiler.index = schema_index_begin(source, options.strict);
	program->root =
		compile_schema(&compiler, schema_index_add(compiler.index, json_root(schema), "", NULL));
	/* also what nothing refers to, for its errors */
	for (SchemaPlace *place = compiler.index->own_schemas; place != NULL;
		 place = place->next_schema)
		(void) compile_schema(&compiler, place);
	compile_all(&compiler);
	refuse_circles(compiler.first);
	schema_index_end(compiler.index);
}

/*
 * schema_compile compiles a schema.
 */
SchemaProgram *
schema_compile(const Jsonb *schema, const SchemaSource *source, SchemaOptions options,
			   MemoryContext parent)
{
	MemoryContext memory;
	MemoryContext old;
	SchemaProgram *program;
	Size size = VARSIZE(schema);

	if (size > SCHEMA_MAX_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the JSON schema has %zu bytes, more than %d", size, SCHEMA_MAX_BYTES),
				 errhint("Divide it into several schemas.")));
	memory = AllocSetContextCreate(parent, "sessionize JSON schema", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(memory);
	PG_TRY();
	{
		program = palloc0(sizeof(SchemaProgram));
		program->memory = memory;
		compile_document(program, memcpy(palloc(size), schema, size), source, options);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(old);
		MemoryContextDelete(memory);
		PG_RE_THROW();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(old);
	return program;
}
