/*
 * avro_logical.h
 *		Values of Avro's logical types as JSON that says what they mean.
 *
 *		decimal						a number with all of its digits
 *		date						"2026-03-29"
 *		time-*						"13:05:00.250"
 *		timestamp-*					"2026-03-29T13:05:00.250Z"
 *		local-timestamp-*			"2026-03-29T13:05:00.250"
 *		uuid						"4f7d2f6e-..."; of a text, the text
 *		duration					"P1M2DT3.250S"
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_AVRO_LOGICAL_H
#define INGEST_AVRO_LOGICAL_H

#include <stdbool.h>

#include "avro_schema.h"
#include "json_writer.h"

/* An int or a long with a logical type. */
extern void put_logical_integer(JsonWriter *writer, AvroLogical logical, int64_t value);

/* Bytes or a fixed with a logical type; false if a decimal has more digits than a number may. */
extern bool put_logical_bytes(JsonWriter *writer, const AvroNode *node, const unsigned char *bytes,
							  size_t length);

#endif /* INGEST_AVRO_LOGICAL_H */
