/*
 * parse_functions.c
 *		SQL functions: times, numbers and documents out of texts that trackers send.
 *
 * None of them raises an error for what a visitor's browser may have sent: a value that can't be
 * read is NULL.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "common/base64.h"
#include "common/jsonapi.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "web/memo.h"
#include "web/parse_time.h"
#include "web/result.h"

PG_FUNCTION_INFO_V1(sz_parse_time);
PG_FUNCTION_INFO_V1(sz_parse_number);
PG_FUNCTION_INFO_V1(sz_parse_json);
PG_FUNCTION_INFO_V1(sz_self_described);

/* Numbers with more digits, or larger exponents, are none. */
#define NUMBER_MAX_LENGTH   64
#define NUMBER_MAX_EXPONENT 60

/*
 * sz_parse_time returns the time that a text is.
 */
Datum
sz_parse_time(PG_FUNCTION_ARGS)
{
	TimestampTz time;

	if (!parse_time(text_argument(fcinfo, 0), &time))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(time);
}

/*
 * skip_digits returns the end of the digits at a place.
 */
static const char *
skip_digits(const char *at)
{
	while (*at >= '0' && *at <= '9')
		at++;
	return at;
}

/*
 * is_number tells whether a text is a decimal number, as JSON and people write it.
 */
static bool
is_number(const char *text)
{
	const char *digits = text + (*text == '-' || *text == '+');
	const char *end = skip_digits(digits);
	bool has_digits = end > digits;

	if (*end == '.')
	{
		digits = end + 1;
		end = skip_digits(digits);
		has_digits |= end > digits;
	}
	if (has_digits && (*end == 'e' || *end == 'E'))
	{
		digits = end + 1 + (end[1] == '-' || end[1] == '+');
		end = skip_digits(digits);
		has_digits = end > digits && end - digits < 4 && atoi(digits) <= NUMBER_MAX_EXPONENT;
	}
	return has_digits && *end == '\0';
}

/*
 * sz_parse_number returns the number that a text is.
 */
Datum
sz_parse_number(PG_FUNCTION_ARGS)
{
	TextView text = text_argument(fcinfo, 0);
	char copy[NUMBER_MAX_LENGTH + 1];

	if (text.len > NUMBER_MAX_LENGTH)
		PG_RETURN_NULL();
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	if (!is_number(copy))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(DirectFunctionCall3(numeric_in, CStringGetDatum(copy),
										ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

/*
 * decode_base64 decodes base64 or base64url, with or without padding; NULL if a text is neither.
 */
static char *
decode_base64(TextView text, int *length)
{
	char *plain;
	char *decoded;
	Size size;

	while (text.len > 0 && text.data[text.len - 1] == '=')
		text.len--;
	if (text.len % 4 == 1)
		return NULL;
	plain = palloc((Size) text.len + 4);
	for (uint32 i = 0; i < text.len; i++)
		plain[i] = text.data[i] == '-' ? '+' : text.data[i] == '_' ? '/' : text.data[i];
	for (size = text.len; size % 4 != 0; size++)
		plain[size] = '=';
	decoded = palloc(pg_b64_dec_len((int) size) + 1);
	/* the type of what it points to differs between versions */
	*length = pg_b64_decode(plain, (int) size, (void *) decoded, pg_b64_dec_len((int) size));
	return *length < 0 ? NULL : decoded;
}

/*
 * is_json tells whether a text of the database's encoding is JSON that jsonb can hold.
 */
static bool
is_json(char *text, int length)
{
	return pg_parse_json(sz_json_lexer(text, length, GetDatabaseEncoding()), &nullSemAction) ==
		   JSON_SUCCESS;
}

/*
 * plain_json returns a document's text in the database's encoding, without its base64 if it is in
 * base64; NULL if it can't be JSON.
 */
static char *
plain_json(TextView text)
{
	int length;
	char *json;

	if (text.len > 0 && (text.data[0] == '{' || text.data[0] == '['))
		return pnstrdup(text.data, text.len);
	json = decode_base64(text, &length);
	if (json == NULL || length == 0 || (json[0] != '{' && json[0] != '[') ||
		!pg_verify_mbstr(PG_UTF8, json, length, true))
		return NULL;
	json[length] = '\0';
	return pg_any_to_server(json, length, PG_UTF8);
}

/*
 * read_json returns the object or array that a text is; NULL if it is none.
 */
static Jsonb *
read_json(TextView text)
{
	char *json = plain_json(text);

	if (json == NULL || !is_json(json, (int) strlen(json)))
		return NULL;
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json)));
}

/*
 * sz_parse_json returns the object or array that a text is, as JSON or as JSON in base64.
 */
Datum
sz_parse_json(PG_FUNCTION_ARGS)
{
	static Memo memo;
	MemoInputs inputs = {.text = {text_argument(fcinfo, 0)}};
	struct varlena *document = memo_find(&memo, &inputs);

	if (document == NULL)
	{
		document = (struct varlena *) read_json(inputs.text[0]);
		if (document == NULL)
			PG_RETURN_NULL();
		memo_keep(&memo, &inputs, document);
	}
	PG_RETURN_POINTER(document);
}

/*
 * member returns the member of an object; NULL if there is none, or if the value is no object.
 */
static JsonbValue *
member(const JsonbValue *object, const char *key, JsonbValue *result)
{
	if (object->type != jbvBinary || !JsonContainerIsObject(object->val.binary.data))
		return NULL;
	return getKeyJsonValueFromContainer(object->val.binary.data, key, (int) strlen(key), result);
}

/*
 * describes tells whether the name in a schema's address, iglu:vendor/name/format/version, is this.
 */
static bool
describes(const JsonbValue *schema, TextView name)
{
	const char *end;
	const char *from;
	const char *to;

	if (schema == NULL || schema->type != jbvString)
		return false;
	end = schema->val.string.val + schema->val.string.len;
	from = memchr(schema->val.string.val, '/', schema->val.string.len);
	if (from == NULL)
		return false;
	from++;
	to = memchr(from, '/', end - from);
	return to != NULL && text_view_equal((TextView){from, (uint32) (to - from)}, name);
}

/*
 * data_of returns the data of a self-describing object if its schema has a name; otherwise NULL.
 */
static JsonbValue *
data_of(const JsonbValue *object, TextView name, JsonbValue *data)
{
	JsonbValue schema;

	return describes(member(object, "schema", &schema), name) ? member(object, "data", data) : NULL;
}

/*
 * described_by returns the data that a schema of a name describes, in a self-describing object or
 * an array of them.
 */
static JsonbValue *
described_by(const JsonbValue *document, TextView name, JsonbValue *data)
{
	JsonbContainer *array;

	if (document->type != jbvBinary || !JsonContainerIsArray(document->val.binary.data))
		return data_of(document, name, data);
	array = document->val.binary.data;
	for (uint32 i = 0; i < JsonContainerSize(array); i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(array, i);

		if (element != NULL && data_of(element, name, data) != NULL)
			return data;
	}
	return NULL;
}

/*
 * sz_self_described returns the data inside a self-describing document that a schema of a name
 * describes.
 */
Datum
sz_self_described(PG_FUNCTION_ARGS)
{
	Jsonb *document = PG_GETARG_JSONB_P(0);
	TextView name = text_argument(fcinfo, 1);
	JsonbValue outer = {.type = jbvBinary};
	JsonbValue inner;
	JsonbValue data;

	outer.val.binary.data = &document->root;
	outer.val.binary.len = (int) VARSIZE_ANY_EXHDR(document);
	if (member(&outer, "data", &inner) == NULL || described_by(&inner, name, &data) == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(JsonbValueToJsonb(&data));
}
