/*
 * avro_decode.c
 *		Reading Avro's binary encoding.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <string.h>

#include "avro_decode.h"
#include "avro_logical.h"
#include "bytes.h"

#define MAX_DEPTH       200
#define MAX_EMPTY_ITEMS 100000

typedef struct Reader
{
	const unsigned char *bytes;
	const unsigned char *end;
	JsonWriter *writer;
	const char *error;
	int depth;
	int64_t empty_items;
} Reader;

static bool read_value(Reader *reader, const AvroNode *node);

/*
 * fail notes why the value can't be read, and returns false.
 */
static bool
fail(Reader *reader, const char *error)
{
	reader->error = error;
	return false;
}

/*
 * read_varint reads an integer in zigzag encoding.
 */
static bool
read_varint(Reader *reader, int64_t *value)
{
	uint64_t bits = 0;

	for (int shift = 0; shift < 70; shift += 7)
	{
		uint64_t byte;

		if (reader->bytes == reader->end)
			return fail(reader, "the Avro value is cut off");
		byte = *reader->bytes++;
		if (shift == 63 && byte > 1)
			break;
		bits |= (byte & 0x7f) << shift;
		if ((byte & 0x80) == 0)
		{
			*value = (int64_t) (bits >> 1) ^ -(int64_t) (bits & 1);
			return true;
		}
	}
	return fail(reader, "an integer in the Avro value has too many bytes");
}

/*
 * take takes bytes; NULL if there are not so many.
 */
static const unsigned char *
take(Reader *reader, uint64_t length)
{
	const unsigned char *taken = reader->bytes;

	if (length > (uint64_t) (reader->end - reader->bytes))
	{
		fail(reader, "the Avro value is cut off");
		return NULL;
	}
	reader->bytes += length;
	return taken;
}

/*
 * take_counted takes bytes whose number comes before them.
 */
static const unsigned char *
take_counted(Reader *reader, int64_t *length)
{
	if (!read_varint(reader, length))
		return NULL;
	if (*length < 0)
	{
		fail(reader, "the Avro value has a text or bytes of a negative length");
		return NULL;
	}
	return take(reader, (uint64_t) *length);
}

/*
 * read_boolean reads a boolean.
 */
static bool
read_boolean(Reader *reader)
{
	const unsigned char *byte = take(reader, 1);

	if (byte == NULL)
		return false;
	if (*byte > 1)
		return fail(reader, "the Avro value has a boolean that is neither 0 nor 1");
	json_put_text(reader->writer, *byte == 1 ? "true" : "false");
	return true;
}

/*
 * read_integer reads an int or a long.
 */
static bool
read_integer(Reader *reader, const AvroNode *node)
{
	int64_t value;

	if (!read_varint(reader, &value))
		return false;
	if (node->type == AVRO_INT && (value < INT32_MIN || value > INT32_MAX))
		return fail(reader, "the Avro value has an int that is out of range");
	put_logical_integer(reader->writer, node->logical, value);
	return true;
}

/*
 * read_float reads a float or a double.
 */
static bool
read_float(Reader *reader, const AvroNode *node)
{
	const unsigned char *bytes = take(reader, node->type == AVRO_FLOAT ? 4 : 8);
	uint32_t bits32;
	uint64_t bits64;
	float value32;
	double value64;

	if (bytes == NULL)
		return false;
	if (node->type == AVRO_FLOAT)
	{
		bits32 = load_u32(bytes);
		memcpy(&value32, &bits32, sizeof(value32));
		json_put_float(reader->writer, (double) value32, 32);
		return true;
	}
	bits64 = load_u64(bytes);
	memcpy(&value64, &bits64, sizeof(value64));
	json_put_float(reader->writer, value64, 64);
	return true;
}

/*
 * read_bytes reads a text, bytes or a fixed.
 */
static bool
read_bytes(Reader *reader, const AvroNode *node)
{
	int64_t length = (int64_t) node->size;
	const unsigned char *bytes =
		node->type == AVRO_FIXED ? take(reader, node->size) : take_counted(reader, &length);

	if (bytes == NULL)
		return false;
	if (node->type == AVRO_STRING)
		json_put_string(reader->writer, bytes, (size_t) length);
	else if (!put_logical_bytes(reader->writer, node, bytes, (size_t) length))
		return fail(reader, "the Avro value has a decimal with too many digits");
	return true;
}

/*
 * read_record reads a record.
 */
static bool
read_record(Reader *reader, const AvroNode *node)
{
	json_put_text(reader->writer, "{");
	for (size_t i = 0; i < node->count; i++)
	{
		if (i > 0)
			json_put_text(reader->writer, ",");
		json_put_text(reader->writer, node->names[i]);
		json_put_text(reader->writer, ":");
		if (!read_value(reader, node->types[i]))
			return false;
	}
	json_put_text(reader->writer, "}");
	return true;
}

/*
 * read_choice reads which symbol of an enum or which branch of a union it is.
 */
static bool
read_choice(Reader *reader, const AvroNode *node, size_t *choice)
{
	int64_t value;

	if (!read_varint(reader, &value))
		return false;
	if (value < 0 || (uint64_t) value >= node->count)
		return fail(reader, "the Avro value has a union or an enum that its schema has not");
	*choice = (size_t) value;
	return true;
}

/*
 * read_block_count reads how many items a block of an array or a map has; 0 ends it.  A negative
 * count has the block's number of bytes after it.
 */
static bool
read_block_count(Reader *reader, int64_t *count)
{
	int64_t size;

	if (!read_varint(reader, count))
		return false;
	if (*count >= 0)
		return true;
	if (*count == INT64_MIN || !read_varint(reader, &size))
		return fail(reader, "the Avro value has a block with an impossible count");
	*count = -*count;
	return true;
}

/*
 * read_item reads an item of an array or a map.
 */
static bool
read_item(Reader *reader, const AvroNode *node)
{
	const unsigned char *begin = reader->bytes;
	const unsigned char *key;
	int64_t length;

	if (node->type == AVRO_MAP)
	{
		key = take_counted(reader, &length);
		if (key == NULL)
			return false;
		json_put_string(reader->writer, key, (size_t) length);
		json_put_text(reader->writer, ":");
	}
	if (!read_value(reader, node->types[0]))
		return false;
	if (reader->bytes == begin && ++reader->empty_items > MAX_EMPTY_ITEMS)
		return fail(reader, "the Avro value has too many items that take no bytes");
	return true;
}

/*
 * read_items reads an array or a map.
 */
static bool
read_items(Reader *reader, const AvroNode *node)
{
	bool first = true;
	int64_t count;

	json_put_text(reader->writer, node->type == AVRO_MAP ? "{" : "[");
	while (read_block_count(reader, &count) && count > 0)
		for (; count > 0; count--)
		{
			if (!first)
				json_put_text(reader->writer, ",");
			first = false;
			if (!read_item(reader, node))
				return false;
		}
	json_put_text(reader->writer, node->type == AVRO_MAP ? "}" : "]");
	return reader->error == NULL;
}

/*
 * read_typed reads a value of any type.
 */
static bool
read_typed(Reader *reader, const AvroNode *node)
{
	size_t choice;

	switch (node->type)
	{
		case AVRO_NULL:
			json_put_text(reader->writer, "null");
			return true;
		case AVRO_BOOLEAN:
			return read_boolean(reader);
		case AVRO_INT:
		case AVRO_LONG:
			return read_integer(reader, node);
		case AVRO_FLOAT:
		case AVRO_DOUBLE:
			return read_float(reader, node);
		case AVRO_BYTES:
		case AVRO_STRING:
		case AVRO_FIXED:
			return read_bytes(reader, node);
		case AVRO_RECORD:
			return read_record(reader, node);
		case AVRO_ENUM:
			if (!read_choice(reader, node, &choice))
				return false;
			json_put_text(reader->writer, node->names[choice]);
			return true;
		case AVRO_UNION:
			return read_choice(reader, node, &choice) && read_value(reader, node->types[choice]);
		case AVRO_ARRAY:
		case AVRO_MAP:
			return read_items(reader, node);
	}
	return fail(reader, "the schema has an unknown type");
}

/*
 * read_value reads a value, unless it is too much.
 */
static bool
read_value(Reader *reader, const AvroNode *node)
{
	bool done;

	if (reader->writer->overflowed)
		return fail(reader, "the Avro value is too large as JSON");
	if (reader->depth >= MAX_DEPTH)
		return fail(reader, "the Avro value is nested too deeply");
	reader->depth++;
	done = read_typed(reader, node);
	reader->depth--;
	return done;
}

/*
 * avro_decode reads a value.
 */
const char *
avro_decode(const AvroSchema *schema, const unsigned char *bytes, size_t length, JsonWriter *writer)
{
	Reader reader = {.bytes = bytes, .end = bytes + length, .writer = writer};

	if (!read_value(&reader, schema->root))
		return reader.error;
	if (reader.bytes != reader.end)
		return "bytes follow the Avro value: is it of another schema?";
	return writer->overflowed ? "the Avro value is too large as JSON" : NULL;
}
