/*
 * datum_codec.c
 *		Values of one type as bytes.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "compat.h"
#include "functions/datum_codec.h"

static bool has_binary_form(Oid type);

/*
 * columns_have_binary_form tells whether all columns of a composite type can be sent and received.
 */
static bool
columns_have_binary_form(Oid type)
{
	TupleDesc desc = lookup_rowtype_tupdesc(type, -1);
	bool result = true;

	for (int i = 0; i < desc->natts && result; i++)
	{
		Form_pg_attribute column = TupleDescAttr(desc, i);

		result = column->attisdropped || has_binary_form(column->atttypid);
	}
	ReleaseTupleDesc(desc);
	return result;
}

/*
 * has_binary_form tells whether values of a type can be sent and received.  Arrays, composite types
 * and ranges always have send and receive functions, but these need the functions of the parts.
 */
static bool
has_binary_form(Oid type)
{
	TypeCacheEntry *entry = lookup_type_cache(
		type, TYPECACHE_DOMAIN_BASE_INFO | TYPECACHE_RANGE_INFO | TYPECACHE_MULTIRANGE_INFO);
	Oid element = get_element_type(type);
	HeapTuple tuple;
	bool result;

	check_stack_depth();
	if (entry->typtype == TYPTYPE_DOMAIN)
		return has_binary_form(entry->domainBaseType);
	if (entry->rngelemtype != NULL)
		return has_binary_form(entry->rngelemtype->type_id);
	if (entry->rngtype != NULL)
		return has_binary_form(entry->rngtype->type_id);
	if (OidIsValid(element))
		return has_binary_form(element);
	if (entry->typtype == TYPTYPE_COMPOSITE)
		return columns_have_binary_form(type);
	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	result = OidIsValid(((Form_pg_type) GETSTRUCT(tuple))->typsend) &&
			 OidIsValid(((Form_pg_type) GETSTRUCT(tuple))->typreceive);
	ReleaseSysCache(tuple);
	return result;
}

/*
 * choose_form chooses how values are written, and looks up the functions.
 */
static void
choose_form(DatumCodec *codec, Form_pg_type type, MemoryContext cxt)
{
	if (codec->type == RECORDOID || codec->type == RECORDARRAYOID)
	{
		codec->form = FORM_IMAGE;
		fmgr_info_cxt(type->typsend, &codec->image, cxt);
	}
	else if (has_binary_form(codec->type))
	{
		codec->form = FORM_BINARY;
		fmgr_info_cxt(type->typsend, &codec->put, cxt);
		fmgr_info_cxt(type->typreceive, &codec->get, cxt);
	}
	else
	{
		codec->form = FORM_TEXT;
		fmgr_info_cxt(type->typoutput, &codec->put, cxt);
		fmgr_info_cxt(type->typinput, &codec->get, cxt);
	}
}

/*
 * datum_codec_init initializes a codec.  A domain is treated as its base type, since values may be
 * older than one of the domain's constraints, and must not be checked again.
 */
void
datum_codec_init(DatumCodec *codec, Oid type, MemoryContext cxt)
{
	HeapTuple tuple;
	Form_pg_type form;

	type = getBaseType(type);
	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	form = (Form_pg_type) GETSTRUCT(tuple);
	memset(codec, 0, sizeof(*codec));
	codec->type = type;
	codec->length = form->typlen;
	codec->by_value = form->typbyval;
	codec->io_param = getTypeIOParam(tuple);
	choose_form(codec, form, cxt);
	ReleaseSysCache(tuple);
}

/*
 * put_bytes appends bytes, preceded by their number.
 */
static void
put_bytes(StringInfo out, const char *bytes, Size size)
{
	pq_sendint64(out, (int64) size);
	pq_sendbytes(out, bytes, (int) size);
}

/*
 * datum_codec_put appends a value, with its length.
 */
void
datum_codec_put(DatumCodec *codec, Datum value, StringInfo out)
{
	switch (codec->form)
	{
		case FORM_BINARY:
		{
			bytea *bytes = SendFunctionCall(&codec->put, value);

			put_bytes(out, VARDATA(bytes), VARSIZE(bytes) - VARHDRSZ);
			pfree(bytes);
			return;
		}
		case FORM_TEXT:
		{
			char *text = OutputFunctionCall(&codec->put, value);

			put_bytes(out, text, strlen(text));
			pfree(text);
			return;
		}
		case FORM_IMAGE:
		{
			struct varlena *image = PG_DETOAST_DATUM(value);

			put_bytes(out, (char *) image, VARSIZE(image));
			return;
		}
	}
}

/*
 * get_image returns the anonymous record, or array of such records, in the bytes.
 */
static Datum
get_image(DatumCodec *codec, const char *bytes, int size)
{
	Size least = codec->type == RECORDOID ? SizeofHeapTupleHeader : VARHDRSZ;
	struct varlena *copy;

	if (size < (int) least)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid serialized aggregate state")));
	copy = palloc(size);
	memcpy(copy, bytes, size);
	if (!VARATT_IS_4B_U(copy) || VARSIZE(copy) != (Size) size)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid serialized aggregate state")));
	return PointerGetDatum(copy);
}

/*
 * datum_codec_get reads what datum_codec_put appended.
 */
Datum
datum_codec_get(DatumCodec *codec, StringInfo in)
{
	int64 size = pq_getmsgint64(in);
	Datum value;
	StringInfoData bytes;
	char *copy;

	if (size < 0 || size > in->len - in->cursor)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid serialized aggregate state")));
	if (codec->form == FORM_IMAGE)
		return get_image(codec, pq_getmsgbytes(in, (int) size), (int) size);

	/* Receive functions may rely on a terminating zero, and input functions need one. */
	copy = palloc(size + 1);
	pq_copymsgbytes(in, copy, (int) size);
	copy[size] = '\0';
	if (codec->form == FORM_TEXT)
		return InputFunctionCall(&codec->get, copy, codec->io_param, -1);

	bytes.data = copy;
	bytes.len = bytes.maxlen = (int) size;
	bytes.cursor = 0;
	value = ReceiveFunctionCall(&codec->get, &bytes, codec->io_param, -1);
	if (bytes.cursor != bytes.len)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid serialized aggregate state")));
	return value;
}

/*
 * canonical returns a value's bytes, which don't depend on how it is stored.
 */
static StringInfoData
canonical(DatumCodec *codec, Datum value)
{
	StringInfoData out;

	initStringInfo(&out);
	if (codec->form == FORM_IMAGE)
	{
		bytea *bytes = SendFunctionCall(&codec->image, value);

		put_bytes(&out, VARDATA(bytes), VARSIZE(bytes) - VARHDRSZ);
	}
	else
		datum_codec_put(codec, value, &out);
	return out;
}

/*
 * datum_codec_compare compares two values by their bytes.
 */
int
datum_codec_compare(DatumCodec *codec, Datum a, Datum b)
{
	StringInfoData x;
	StringInfoData y;
	int result;

	/* Most values that are compared this way are identical. */
	if (datumIsEqual(a, b, codec->by_value, codec->length))
		return 0;
	x = canonical(codec, a);
	y = canonical(codec, b);
	result = memcmp(x.data, y.data, Min(x.len, y.len));
	if (result == 0)
		result = (x.len > y.len) - (x.len < y.len);
	pfree(x.data);
	pfree(y.data);
	return result;
}
