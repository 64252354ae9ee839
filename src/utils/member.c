/*
 * member.c
 *		A member of a dimension: the values of its attributes in one run of bytes.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"

#include "utils/member.h"

/*
 * member_append appends a value.
 */
void
member_append(StringInfo member, TextView value)
{
	int32 length = value.data == NULL ? -1 : (int32) value.len;
	int needed = (int) sizeof(length) + Max(length, 0);

	/* without two calls of appendBinaryStringInfo, since each event gets its members here */
	if (member->maxlen - member->len <= needed)
		enlargeStringInfo(member, needed);
	memcpy(member->data + member->len, &length, sizeof(length));
	if (length > 0)
		memcpy(member->data + member->len + sizeof(length), value.data, length);
	member->len += needed;
}

/*
 * member_part returns the bytes of a value.
 */
TextView
member_part(TextView member, int part)
{
	const char *at = member.data;
	int32 length;

	if (at == NULL)
		return (TextView){NULL, 0};
	for (;;)
	{
		memcpy(&length, at, sizeof(length));
		at += sizeof(length);
		if (part-- == 0)
			return (TextView){length < 0 ? NULL : at, Max(length, 0)};
		at += Max(length, 0);
	}
}

/*
 * member_value returns a value.
 */
Datum
member_value(TextView member, int part, ValueLayout layout, bool *isnull)
{
	return value_of_bytes(layout, member_part(member, part), isnull);
}

/*
 * append_value appends a value that is not NULL to a JSON array.
 */
static void
append_value(StringInfo json, Datum value, Oid type)
{
	char buffer[MAXDATELEN + 1];
	int utc = 0;

	switch (type)
	{
		case BOOLOID:
			appendStringInfoString(json, DatumGetBool(value) ? "true" : "false");
			break;
		case INT8OID:
			appendStringInfo(json, INT64_FORMAT, DatumGetInt64(value));
			break;
		case TIMESTAMPTZOID:
			appendStringInfo(json, "\"%s\"", JsonEncodeDateTime(buffer, value, type, &utc));
			break;
		case NUMERICOID:
			/* NaN and infinity are no numbers of JSON */
			escape_json(json, DatumGetCString(DirectFunctionCall1(numeric_out, value)));
			break;
		default:
			escape_json(json, TextDatumGetCString(value));
	}
}

/*
 * member_append_json appends a member as a JSON array.
 */
void
member_append_json(StringInfo json, TextView member, const Oid *types, int count)
{
	for (int i = 0; i < count; i++)
	{
		bool isnull;
		Datum value = member_value(member, i, value_layout(types[i]), &isnull);

		appendStringInfoString(json, i > 0 ? ", " : "[");
		if (isnull)
			appendStringInfoString(json, "null");
		else
			append_value(json, value, types[i]);
	}
	appendStringInfoChar(json, ']');
}
