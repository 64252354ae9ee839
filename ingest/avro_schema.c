/*
 * avro_schema.c
 *		Reading a schema of Avro, which is JSON.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "avro_schema.h"
#include "json_writer.h"

#define MAX_DEPTH 256
#define MAX_SCALE 16383 /* of PostgreSQL's numeric */

typedef struct Parser
{
	AvroSchema *schema;
	char *error;
	int depth;
} Parser;

static const AvroNode *parse_type(Parser *parser, const json_t *json, const char *space);

/*
 * fail sets the reason, and returns NULL.
 */
static AvroNode *
fail(Parser *parser, const char *format, ...) __attribute__((format(printf, 2, 3)));
static AvroNode *
fail(Parser *parser, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(parser->error, AVRO_ERROR_SIZE, format, args);
	va_end(args);
	return NULL;
}

/*
 * new_node adds a node to the schema.
 */
static AvroNode *
new_node(Parser *parser, AvroType type)
{
	AvroNode *node = calloc(1, sizeof(AvroNode));

	if (node == NULL)
		return fail(parser, "out of memory");
	node->type = type;
	node->next = parser->schema->nodes;
	parser->schema->nodes = node;
	return node;
}

/*
 * reserve gives a node room for so many fields, symbols or branches.
 */
static bool
reserve(Parser *parser, AvroNode *node, size_t count, bool named)
{
	node->types = calloc(count + 1, sizeof(AvroNode *));
	node->names = named ? calloc(count + 1, sizeof(char *)) : NULL;
	if (node->types == NULL || (named && node->names == NULL))
		return fail(parser, "out of memory") != NULL;
	node->count = count;
	return true;
}

/*
 * primitive_type finds a type by its name.
 */
static bool
primitive_type(const char *name, AvroType *type)
{
	static const char *const names[] = {"null",  "boolean", "int",   "long",
										"float", "double",  "bytes", "string"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
		{
			*type = (AvroType) i;
			return true;
		}
	return false;
}

/*
 * full_name puts a namespace before a name that has none.
 */
static char *
full_name(const char *name, const char *space)
{
	size_t length = strlen(name) + (space != NULL ? strlen(space) : 0) + 2;
	char *full = malloc(length);

	if (full == NULL)
		return NULL;
	if (strchr(name, '.') != NULL || space == NULL || *space == '\0')
		snprintf(full, length, "%s", name);
	else
		snprintf(full, length, "%s.%s", space, name);
	return full;
}

/*
 * find_full finds a named type by its full name.
 */
static const AvroNode *
find_full(const Parser *parser, const char *name)
{
	for (const AvroNode *node = parser->schema->nodes; node != NULL; node = node->next)
		if (node->name != NULL && strcmp(node->name, name) == 0)
			return node;
	return NULL;
}

/*
 * parse_name finds the type that a name is.
 */
static const AvroNode *
parse_name(Parser *parser, const char *name, const char *space)
{
	AvroType type;
	char *full;
	const AvroNode *node;

	if (primitive_type(name, &type))
		return new_node(parser, type);
	full = full_name(name, space);
	node = full != NULL ? find_full(parser, full) : NULL;
	free(full);
	if (node == NULL)
		node = find_full(parser, name);
	return node != NULL ? node : fail(parser, "the type \"%.100s\" is not defined", name);
}

/*
 * text_member returns a member that is a string, or NULL.
 */
static const char *
text_member(const json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

/*
 * quoted returns a text as JSON.
 */
static char *
quoted(const char *text)
{
	JsonWriter writer = {.limit = SIZE_MAX};

	json_put_string(&writer, text, strlen(text));
	json_put(&writer, "", 1);
	if (!writer.overflowed)
		return writer.text;
	json_free(&writer);
	return NULL;
}

/*
 * define begins the definition of a named type, and returns its namespace in *space.
 */
static AvroNode *
define(Parser *parser, AvroType type, const json_t *json, const char **space)
{
	const char *name = text_member(json, "name");
	AvroNode *node;
	char *full;

	if (name == NULL || *name == '\0')
		return fail(parser, "a type has no name");
	if (text_member(json, "namespace") != NULL)
		*space = text_member(json, "namespace");
	node = new_node(parser, type);
	if (node == NULL)
		return NULL;
	full = full_name(name, *space);
	if (full == NULL)
		return fail(parser, "out of memory");
	if (find_full(parser, full) != NULL)
		fail(parser, "the type \"%.100s\" is defined twice", full);
	else
		node->name = full;
	if (node->name != NULL)
		return node;
	free(full);
	return NULL;
}

/*
 * parse_fields reads the fields of a record.  A name that has a dot sets the namespace of the types
 * inside.
 */
static const AvroNode *
parse_fields(Parser *parser, AvroNode *node, const json_t *json)
{
	const json_t *fields = json_object_get(json, "fields");
	const char *dot = strrchr(node->name, '.');
	char *space = dot != NULL ? strndup(node->name, (size_t) (dot - node->name)) : NULL;
	bool done = json_is_array(fields) && reserve(parser, node, json_array_size(fields), true);

	if (!json_is_array(fields))
		fail(parser, "the record \"%.100s\" has no fields", node->name);
	for (size_t i = 0; done && i < node->count; i++)
	{
		const json_t *field = json_array_get(fields, i);
		const char *name = text_member(field, "name");

		if (name == NULL)
			fail(parser, "a field of the record \"%.100s\" has no name", node->name);
		else
		{
			node->names[i] = quoted(name);
			node->types[i] = parse_type(parser, json_object_get(field, "type"), space);
		}
		done = node->names[i] != NULL && node->types[i] != NULL;
	}
	free(space);
	return done ? node : NULL;
}

/*
 * parse_symbols reads the symbols of an enum.
 */
static const AvroNode *
parse_symbols(Parser *parser, AvroNode *node, const json_t *json)
{
	const json_t *symbols = json_object_get(json, "symbols");

	if (!json_is_array(symbols) || json_array_size(symbols) == 0)
		return fail(parser, "the enum \"%.100s\" has no symbols", node->name);
	if (!reserve(parser, node, json_array_size(symbols), true))
		return NULL;
	for (size_t i = 0; i < node->count; i++)
	{
		const char *symbol = json_string_value(json_array_get(symbols, i));

		if (symbol == NULL || (node->names[i] = quoted(symbol)) == NULL)
			return fail(parser, "a symbol of the enum \"%.100s\" is no text", node->name);
	}
	return node;
}

/*
 * parse_fixed reads the size of a fixed.
 */
static const AvroNode *
parse_fixed(Parser *parser, AvroNode *node, const json_t *json)
{
	const json_t *size = json_object_get(json, "size");

	if (!json_is_integer(size) || json_integer_value(size) < 0)
		return fail(parser, "the fixed \"%.100s\" has no size", node->name);
	node->size = (size_t) json_integer_value(size);
	return node;
}

/*
 * parse_items reads an array or a map.
 */
static const AvroNode *
parse_items(Parser *parser, AvroType type, const json_t *items, const char *space)
{
	AvroNode *node = new_node(parser, type);

	if (node == NULL || !reserve(parser, node, 1, false))
		return NULL;
	if (items == NULL)
		return fail(parser, "an array or a map does not say of what");
	node->types[0] = parse_type(parser, items, space);
	return node->types[0] != NULL ? node : NULL;
}

/*
 * parse_union reads a union.
 */
static const AvroNode *
parse_union(Parser *parser, const json_t *json, const char *space)
{
	AvroNode *node = new_node(parser, AVRO_UNION);

	if (node == NULL || !reserve(parser, node, json_array_size(json), false))
		return NULL;
	if (node->count == 0)
		return fail(parser, "a union has no types");
	for (size_t i = 0; i < node->count; i++)
	{
		node->types[i] = parse_type(parser, json_array_get(json, i), space);
		if (node->types[i] == NULL)
			return NULL;
	}
	return node;
}

/*
 * suits tells whether a logical type may be of a type.
 */
static bool
suits(AvroLogical logical, const AvroNode *node)
{
	switch (logical)
	{
		case LOGICAL_DECIMAL:
			return node->type == AVRO_BYTES || node->type == AVRO_FIXED;
		case LOGICAL_UUID:
			return node->type == AVRO_STRING || (node->type == AVRO_FIXED && node->size == 16);
		case LOGICAL_DATE:
		case LOGICAL_TIME_MILLIS:
			return node->type == AVRO_INT;
		case LOGICAL_DURATION:
			return node->type == AVRO_FIXED && node->size == 12;
		default:
			return node->type == AVRO_LONG;
	}
}

/*
 * set_logical sets the logical type of a node that the schema gives it.  The standard has readers
 * ignore one that is unknown or does not suit.
 */
static void
set_logical(AvroNode *node, const json_t *json)
{
	static const char *const names[] = {"decimal",
										"uuid",
										"date",
										"time-millis",
										"time-micros",
										"timestamp-millis",
										"timestamp-micros",
										"timestamp-nanos",
										"local-timestamp-millis",
										"local-timestamp-micros",
										"local-timestamp-nanos",
										"duration"};
	const char *name = text_member(json, "logicalType");
	json_int_t scale = json_integer_value(json_object_get(json, "scale"));

	for (size_t i = 0; name != NULL && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0 && suits((AvroLogical) (i + 1), node))
			node->logical = (AvroLogical) (i + 1);
	if (node->logical == LOGICAL_DECIMAL && (scale < 0 || scale > MAX_SCALE))
		node->logical = LOGICAL_NONE;
	node->scale = node->logical == LOGICAL_DECIMAL ? (int) scale : 0;
}

/*
 * parse_named reads the definition of a type that has a name.
 */
static const AvroNode *
parse_named(Parser *parser, const json_t *json, const char *type, const char *space)
{
	AvroNode *node;

	if (strcmp(type, "record") == 0 || strcmp(type, "error") == 0)
	{
		node = define(parser, AVRO_RECORD, json, &space);
		return node != NULL ? parse_fields(parser, node, json) : NULL;
	}
	if (strcmp(type, "enum") == 0)
	{
		node = define(parser, AVRO_ENUM, json, &space);
		return node != NULL ? parse_symbols(parser, node, json) : NULL;
	}
	node = define(parser, AVRO_FIXED, json, &space);
	if (node == NULL || parse_fixed(parser, node, json) == NULL)
		return NULL;
	set_logical(node, json);
	return node;
}

/*
 * parse_object reads a type that is an object.
 */
static const AvroNode *
parse_object(Parser *parser, const json_t *json, const char *space)
{
	const json_t *inner = json_object_get(json, "type");
	const char *type = json_string_value(inner);
	AvroType primitive;
	AvroNode *node;

	if (type == NULL)
		return inner != NULL ? parse_type(parser, inner, space)
							 : fail(parser, "an object of the schema has no type");
	if (primitive_type(type, &primitive))
	{
		node = new_node(parser, primitive);
		if (node != NULL)
			set_logical(node, json);
		return node;
	}
	if (strcmp(type, "array") == 0)
		return parse_items(parser, AVRO_ARRAY, json_object_get(json, "items"), space);
	if (strcmp(type, "map") == 0)
		return parse_items(parser, AVRO_MAP, json_object_get(json, "values"), space);
	if (strcmp(type, "record") == 0 || strcmp(type, "error") == 0 || strcmp(type, "enum") == 0 ||
		strcmp(type, "fixed") == 0)
		return parse_named(parser, json, type, space);
	return parse_name(parser, type, space);
}

/*
 * parse_type reads a type.
 */
static const AvroNode *
parse_type(Parser *parser, const json_t *json, const char *space)
{
	const AvroNode *node;

	if (++parser->depth > MAX_DEPTH)
		return fail(parser, "the schema is nested too deeply");
	if (json_is_string(json))
		node = parse_name(parser, json_string_value(json), space);
	else if (json_is_array(json))
		node = parse_union(parser, json, space);
	else if (json_is_object(json))
		node = parse_object(parser, json, space);
	else
		node = fail(parser, "a type of the schema is neither a text nor an object nor an array");
	parser->depth--;
	return node;
}

/*
 * parse_text reads a schema as JSON; a text that is only a name need not have quotation marks.
 */
static const AvroNode *
parse_text(Parser *parser, const char *text)
{
	json_error_t where;
	json_t *json = json_loads(text, JSON_DECODE_ANY, &where);
	const AvroNode *node;
	AvroType type;

	if (json == NULL)
		return primitive_type(text, &type) ? new_node(parser, type)
										   : fail(parser, "the schema is no JSON: %s", where.text);
	node = parse_type(parser, json, NULL);
	json_decref(json);
	return node;
}

/*
 * avro_schema_parse reads a schema.
 */
AvroSchema *
avro_schema_parse(const char *const *referenced, size_t referenced_count, const char *text,
				  char *error)
{
	AvroSchema *schema = calloc(1, sizeof(AvroSchema));
	Parser parser = {.schema = schema, .error = error};

	snprintf(error, AVRO_ERROR_SIZE, "out of memory");
	if (schema == NULL)
		return NULL;
	for (size_t i = 0; i < referenced_count; i++)
	{
		parser.depth = 0;
		if (parse_text(&parser, referenced[i]) == NULL)
		{
			avro_schema_free(schema);
			return NULL;
		}
	}
	parser.depth = 0;
	schema->root = parse_text(&parser, text);
	if (schema->root != NULL)
		return schema;
	avro_schema_free(schema);
	return NULL;
}

/*
 * avro_schema_free frees a schema.
 */
void
avro_schema_free(AvroSchema *schema)
{
	if (schema == NULL)
		return;
	while (schema->nodes != NULL)
	{
		AvroNode *node = schema->nodes;

		schema->nodes = node->next;
		for (size_t i = 0; node->names != NULL && i < node->count; i++)
			free(node->names[i]);
		free(node->names);
		free((void *) node->types);
		free(node->name);
		free(node);
	}
	free(schema);
}
