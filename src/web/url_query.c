/*
 * url_query.c
 *		The parameters of a URL's query, encoded as application/x-www-form-urlencoded.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "web/url_query.h"

/*
 * url_query_next takes the next parameter off a query.
 */
bool
url_query_next(TextView *query, QueryParameter *parameter)
{
	while (query->len > 0)
	{
		const char *from = query->data;
		const char *end = memchr(from, '&', query->len);
		uint32 length = end == NULL ? query->len : (uint32) (end - from);
		uint32 taken = end == NULL ? length : length + 1;
		const char *equals = memchr(from, '=', length);
		uint32 name_length = equals == NULL ? length : (uint32) (equals - from);

		query->data += taken;
		query->len -= taken;
		if (length == 0)
			continue;
		parameter->name = (TextView){from, name_length};
		parameter->value = equals == NULL ? (TextView){from + length, 0}
										  : (TextView){equals + 1, length - name_length - 1};
		return true;
	}
	return false;
}

/*
 * hex_digit returns the value of a hexadecimal digit, or -1.
 */
static inline int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * decoded_byte returns the byte that the three characters of an escape stand for, or -1.
 */
static inline int
decoded_byte(const char *at, const char *end)
{
	int high;
	int low;

	if (end - at < 3)
		return -1;
	high = hex_digit(at[1]);
	low = hex_digit(at[2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/*
 * has_encoding tells whether a text has something to decode.
 */
static bool
has_encoding(TextView text)
{
	for (uint32 i = 0; i < text.len; i++)
	{
		if (text.data[i] == '%' || text.data[i] == '+')
			return true;
	}
	return false;
}

/*
 * is_valid_text tells whether decoded bytes are a text that the database can hold.  Escapes are
 * UTF-8; a database with another encoding takes those of ASCII characters only.
 */
static bool
is_valid_text(TextView text, bool has_high_escape)
{
	if (memchr(text.data, '\0', text.len) != NULL)
		return false;
	if (GetDatabaseEncoding() != PG_UTF8)
		return !has_high_escape;
	return !has_high_escape || pg_verify_mbstr(PG_UTF8, text.data, (int) text.len, true);
}

/*
 * decode_bytes decodes escapes to out, and a plus sign to what it stands for; tells whether an
 * escape is of another character than ASCII's.
 */
static bool
decode_bytes(TextView encoded, char plus, char *out, uint32 *length)
{
	const char *at = encoded.data;
	const char *end = at + encoded.len;
	const char *start = out;
	bool has_high_escape = false;

	while (at < end)
	{
		int byte = *at == '%' ? decoded_byte(at, end) : -1;

		*out++ = byte >= 0 ? (char) byte : *at == '+' ? plus : *at;
		has_high_escape |= byte >= 0x80;
		at += byte >= 0 ? 3 : 1;
	}
	*length = (uint32) (out - start);
	return has_high_escape;
}

/*
 * url_query_decode_bytes decodes plus signs and escapes.
 */
bool
url_query_decode_bytes(TextView encoded, char *out, uint32 *length)
{
	return decode_bytes(encoded, ' ', out, length);
}

/*
 * url_query_decode_escapes decodes escapes.
 */
bool
url_query_decode_escapes(TextView encoded, char *out, uint32 *length)
{
	return decode_bytes(encoded, '+', out, length);
}

/*
 * url_query_decode decodes plus signs and escapes of percent signs.
 */
TextView
url_query_decode(TextView encoded)
{
	bool has_high_escape;
	TextView decoded;
	char *out;

	if (!has_encoding(encoded))
		return encoded;
	out = palloc(encoded.len);
	decoded.data = out;
	has_high_escape = url_query_decode_bytes(encoded, out, &decoded.len);
	if (is_valid_text(decoded, has_high_escape))
		return decoded;
	pfree(out);
	return encoded;
}

/*
 * url_query_forget frees what url_query_decode has allocated.
 */
void
url_query_forget(TextView encoded, TextView decoded)
{
	if (decoded.data != encoded.data)
		pfree((char *) decoded.data);
}
