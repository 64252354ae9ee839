/*
 * datum_codec.h
 *		Values of a type as bytes: to send them to another process, and to compare values whose type
 *		has no order.
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
	FORM_TEXT,   /* its output and input functions, if it can't be sent or received */
	/* for anonymous records: the value as it is in memory, since no function reads them */
	FORM_IMAGE
} DatumForm;

typedef struct DatumCodec
{
	Oid type;
	int16 length;
	bool by_value;
	DatumForm form;
	Oid io_param;
	FmgrInfo put;
	FmgrInfo get;
	FmgrInfo image; /* for anonymous records, which have no put: the send function */
} DatumCodec;

/* Initialize a codec for values of a type; memory is allocated in cxt. */
extern void datum_codec_init(DatumCodec *codec, Oid type, MemoryContext cxt);

/* Append a value, preceded by its length. */
extern void datum_codec_put(DatumCodec *codec, Datum value, StringInfo out);

/* Read what datum_codec_put appended; an error if the bytes are no value of the type. */
extern Datum datum_codec_get(DatumCodec *codec, StringInfo in);

/*
 * Compare two values by their bytes.  The order has no meaning, but depends neither on the plan nor
 * on how the values are stored.
 */
extern int datum_codec_compare(DatumCodec *codec, Datum a, Datum b);

#endif /* SESSIONIZE_DATUM_CODEC_H */
