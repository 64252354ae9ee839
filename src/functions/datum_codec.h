/*
 * datum_codec.h
 *		Values of one type as bytes: to send them to another process, and to tell apart what the type
 *		itself doesn't order.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DATUM_CODEC_H
#define SESSIONIZE_DATUM_CODEC_H

#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"

typedef enum DatumForm
{
	FORM_BINARY, /* the type's send and receive functions */
	FORM_TEXT,   /* its output and input functions, where it has no others */
	FORM_IMAGE   /* anonymous records: the value as it lies in memory, since no function takes them in */
} DatumForm;

typedef struct DatumCodec
{
	Oid type;
	int16 length;
	bool by_value;
	char align;
	DatumForm form;
	Oid io_param;
	FmgrInfo put;
	FmgrInfo get;
	FmgrInfo image; /* for anonymous records, where put is not set: their send function */
} DatumCodec;

/* Set up a codec for values of a type, with what it needs in cxt. */
extern void datum_codec_init(DatumCodec *codec, Oid type, MemoryContext cxt);

/* Append a value, with its length. */
extern void datum_codec_put(DatumCodec *codec, Datum value, StringInfo out);

/* Read what datum_codec_put appended; error if the bytes are no value of the type. */
extern Datum datum_codec_get(DatumCodec *codec, StringInfo in);

/*
 * Compare two values by their bytes: an order without meaning, but the same whatever the plan and the
 * way the values are stored.
 */
extern int datum_codec_compare(DatumCodec *codec, Datum a, Datum b);

#endif /* SESSIONIZE_DATUM_CODEC_H */
