/*
 * clean_text.c
 *		Bytes that should be UTF-8 as a text that the database can hold.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "compat.h"
#include "decode/clean_text.h"

/*
 * is_ascii tells whether all bytes are characters of ASCII; zero is none.
 */
static bool
is_ascii(TextView bytes)
{
	for (uint32 i = 0; i < bytes.len; i++)
	{
		if (IS_HIGHBIT_SET(bytes.data[i]) || bytes.data[i] == '\0')
			return false;
	}
	return true;
}

/*
 * valid_length returns how many bytes at the start of a text are valid UTF-8 without zero bytes.
 */
static uint32
valid_length(TextView bytes)
{
	return (uint32) pg_encoding_verifymbstr(PG_UTF8, bytes.data, (int) bytes.len);
}

/*
 * repaired returns a text whose invalid bytes are replaced, one by one.
 */
static TextView
repaired(TextView bytes, unsigned *problems)
{
	StringInfoData text;

	initStringInfo(&text);
	for (;;)
	{
		uint32 valid = valid_length(bytes);

		appendBinaryStringInfo(&text, bytes.data, (int) valid);
		if (valid == bytes.len)
			break;
		*problems |= bytes.data[valid] == '\0' ? TEXT_ZERO_CHARACTER : TEXT_INVALID_UTF8;
		appendStringInfoString(&text, REPLACEMENT_CHARACTER);
		bytes.data += valid + 1;
		bytes.len -= valid + 1;
	}
	return (TextView){text.data, (uint32) text.len};
}

/*
 * translate appends as much of a text as the database's encoding has characters for, and returns
 * how many bytes of it that was.
 */
static uint32
translate(StringInfo out, Oid conversion, TextView text)
{
	int room = (int) text.len * MAX_CONVERSION_GROWTH + 1;
	int done;

	enlargeStringInfo(out, room);
	done = pg_do_encoding_conversion_buf(conversion, PG_UTF8, GetDatabaseEncoding(),
										 (unsigned char *) text.data, (int) text.len,
										 (unsigned char *) out->data + out->len, room, true);
	out->len += (int) strlen(out->data + out->len);
	return (uint32) done;
}

/*
 * translated returns a valid text of UTF-8 in the database's encoding.
 */
static TextView
translated(TextView text, unsigned *problems)
{
	Oid conversion = FindDefaultConversionProc(PG_UTF8, GetDatabaseEncoding());
	StringInfoData out;

	initStringInfo(&out);
	while (text.len > 0)
	{
		uint32 piece = Min(text.len, 0x100000);
		uint32 done = 0;

		/* pieces, so that the room for a piece fits an int */
		if (piece < text.len)
			piece = (uint32) pg_encoding_mbcliplen(PG_UTF8, text.data, (int) text.len, (int) piece);
		if (OidIsValid(conversion))
			done = translate(&out, conversion, (TextView){text.data, piece});
		if (done < piece)
		{
			*problems |= TEXT_UNTRANSLATABLE;
			appendStringInfoChar(&out, '?');
			done += (uint32) pg_utf_mblen((const unsigned char *) text.data + done);
		}
		text.data += done;
		text.len -= done;
	}
	return (TextView){out.data, (uint32) out.len};
}

/*
 * clean_text returns bytes as a text of the database's encoding.
 */
TextView
clean_text(TextView bytes, unsigned *problems)
{
	TextView text = bytes;

	if (is_ascii(bytes))
		return bytes;
	if (valid_length(bytes) < bytes.len)
		text = repaired(bytes, problems);
	/* SQL_ASCII holds any bytes */
	if (GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII)
		return text;
	return translated(text, problems);
}
