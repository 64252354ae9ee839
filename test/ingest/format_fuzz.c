/*
 * format_fuzz.c
 *		Messages and schemas, changed at random, for builds with sanitizers.
 *
 *		format_fuzz SECONDS SEED [DESCRIPTOR_SET]
 *
 * Bytes are made at random or by changes of others that were read well, and are read by schemas of
 * Avro, some of which were changed at random too, and by all types of a Protobuf descriptor set.  What
 * is read well has to be JSON, and not more than the limit.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "avro_decode.h"
#include "protobuf_decode.h"
#include "schema_id.h"

#define MAX_BYTES 512
#define POOL      256
#define LIMIT     (1024 * 1024)

typedef struct Bytes
{
	unsigned char bytes[MAX_BYTES];
	size_t length;
} Bytes;

static const char *const schemas[] = {
	"{\"type\":\"record\",\"name\":\"E\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"},{"
	"\"name\":"
	"\"at\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}},{\"name\":\"u\","
	"\"type\":["
	"\"null\",\"string\",\"double\"]},{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":{"
	"\"type\":"
	"\"array\",\"items\":\"int\"}}},{\"name\":\"next\",\"type\":[\"null\",\"E\"]}]}",
	"{\"type\":\"array\",\"items\":[\"null\",{\"type\":\"bytes\",\"logicalType\":\"decimal\","
	"\"precision\":"
	"9,\"scale\":3},{\"type\":\"fixed\",\"name\":\"D\",\"size\":12,\"logicalType\":\"duration\"},"
	"\"float\"]}",
	"{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":\"null\"}}",
	"[{\"type\":\"enum\",\"name\":\"K\",\"symbols\":[\"A\",\"B\"]},{\"type\":\"int\","
	"\"logicalType\":\"date\"},"
	"{\"type\":\"long\",\"logicalType\":\"time-micros\"},{\"type\":\"fixed\",\"name\":\"U\","
	"\"size\":16,"
	"\"logicalType\":\"uuid\"},{\"type\":\"long\",\"logicalType\":\"timestamp-nanos\"},"
	"\"boolean\"]",
};

static uint64_t state;
static Bytes pool[POOL];
static unsigned long tried;
static unsigned long read_well;

/*
 * random_below returns a number below n.
 */
static uint64_t
random_below(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % n;
}

/*
 * change changes bytes at random.
 */
static void
change(unsigned char *bytes, size_t *length, size_t capacity)
{
	for (uint64_t left = 1 + random_below(6); left > 0; left--)
	{
		size_t at = random_below(*length + 1);

		switch (random_below(5))
		{
			case 0:
				if (at < *length)
					bytes[at] ^= (unsigned char) (1 << random_below(8));
				break;
			case 1:
				if (at < *length)
					bytes[at] = (unsigned char) random_below(256);
				break;
			case 2:
				if (*length < capacity)
				{
					memmove(bytes + at + 1, bytes + at, *length - at);
					bytes[at] =
						(unsigned char) (random_below(2) ? random_below(8) : random_below(256));
					(*length)++;
				}
				break;
			case 3:
				if (at < *length)
				{
					memmove(bytes + at, bytes + at + 1, *length - at - 1);
					(*length)--;
				}
				break;
			default:
				*length = random_below(8) == 0 ? at : *length;
		}
	}
}

/*
 * judge checks what was written of a message that was read well, and keeps the message.
 */
static void
judge(bool done, const JsonWriter *writer, const Bytes *message, bool is_utf8)
{
	json_t *json;

	tried++;
	if (!done)
		return;
	read_well++;
	pool[random_below(POOL)] = *message;
	if (writer->overflowed || writer->length > LIMIT)
		abort();
	if (!is_utf8 || random_below(16) != 0)
		return;
	json = json_loadb(writer->text, writer->length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	if (json == NULL)
	{
		fprintf(stderr, "no JSON: %.*s\n", (int) writer->length, writer->text);
		abort();
	}
	json_decref(json);
}

/*
 * is_ascii tells whether all text in a message is surely UTF-8, which Avro's reader leaves alone.
 */
static bool
is_ascii(const Bytes *message)
{
	for (size_t i = 0; i < message->length; i++)
		if (message->bytes[i] >= 0x80)
			return false;
	return true;
}

/*
 * try_avro reads a message by a schema, which may be changed at random first.
 */
static void
try_avro(JsonWriter *writer, const Bytes *message)
{
	unsigned char text[2048];
	char error[AVRO_ERROR_SIZE];
	const char *base = schemas[random_below(sizeof(schemas) / sizeof(schemas[0]))];
	size_t length = strlen(base);
	AvroSchema *schema;

	memcpy(text, base, length);
	if (random_below(3) == 0)
		change(text, &length, sizeof(text) - 1);
	text[length] = '\0';
	schema = avro_schema_parse(NULL, 0, (char *) text, error);
	if (schema == NULL)
		return;
	json_reset(writer, LIMIT);
	judge(avro_decode(schema, message->bytes, message->length, writer) == NULL, writer, message,
		  is_ascii(message));
	avro_schema_free(schema);
}

/*
 * try_protobuf reads a message by a type of a descriptor set.
 */
static void
try_protobuf(ProtobufSchema *schema, JsonWriter *writer, const Bytes *message)
{
	int indexes[SCHEMA_MAX_INDEXES];
	size_t count = 1;
	char error[PROTOBUF_ERROR_SIZE];
	size_t read = message_indexes_read(message->bytes, message->length, indexes, &count);

	json_reset(writer, LIMIT);
	if (read == 0 || random_below(2) == 0)
	{
		indexes[0] = (int) random_below(2);
		count = 1;
	}
	judge(protobuf_decode(schema, NULL, indexes, count, message->bytes, message->length, writer,
						  error),
		  writer, message, true);
}

/*
 * read_set reads a descriptor set.
 */
static ProtobufSchema *
read_set(const char *path)
{
	static char bytes[1 << 20];
	char error[PROTOBUF_ERROR_SIZE];
	FILE *file = fopen(path, "rb");
	size_t length = file != NULL ? fread(bytes, 1, sizeof(bytes), file) : 0;
	ProtobufSchema *schema = protobuf_schema_new(error);

	if (file == NULL || schema == NULL || !protobuf_schema_add_set(schema, bytes, length, error) ||
		!protobuf_schema_finish(schema, error))
		abort();
	fclose(file);
	return schema;
}

int
main(int argc, char **argv)
{
	time_t end = time(NULL) + atol(argv[1]);
	ProtobufSchema *protobuf = argc > 3 ? read_set(argv[3]) : NULL;
	JsonWriter writer = {0};

	state = strtoull(argv[2], NULL, 10) * UINT64_C(0x9E3779B97F4A7C15) + 1;
	while (time(NULL) < end)
		for (int i = 0; i < 1000; i++)
		{
			Bytes message = pool[random_below(POOL)];

			change(message.bytes, &message.length, MAX_BYTES);
			if (protobuf != NULL && random_below(2) == 0)
				try_protobuf(protobuf, &writer, &message);
			else
				try_avro(&writer, &message);
		}
	json_free(&writer);
	protobuf_schema_free(protobuf);
	printf("ok: %lu messages, of which %lu could be read\n", tried, read_well);
	return read_well > tried / 100 ? 0 : 1;
}
