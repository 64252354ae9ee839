/*
 * profile_string.c
 *		The strings in one place of many documents: their lengths, formats, and which ones there are.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"

#include "contract/format.h"
#include "contract/json_view.h"
#include "contract/profile_string.h"
#include "utils/memory.h"

/*
 * The formats that are looked for, the first one first where strings have several.  Others accept
 * too much to say anything: nearly every word is a hostname or a uri-reference.
 */
static const char *const format_names[] = {"date-time", "date", "time",  "duration", "uuid",
										   "ipv4",      "ipv6", "email", "uri"};

#define NFORMATS    lengthof(format_names)
#define ALL_FORMATS ((uint16) ((1 << NFORMATS) - 1))

/* What a string must contain to be taken for a URI, since "note: hello" would be one otherwise. */
#define URI_MARK "://"

/*
 * has_uri_mark tells whether a text contains the mark of a URI.
 */
static bool
has_uri_mark(TextView text)
{
	const uint32 size = sizeof(URI_MARK) - 1;

	for (uint32 i = 0; i + size <= text.len; i++)
	{
		if (memcmp(text.data + i, URI_MARK, size) == 0)
			return true;
	}
	return false;
}

/*
 * has_format tells whether a text has the format of a number.
 */
static bool
has_format(Size number, TextView text)
{
	static const Format *formats[NFORMATS];

	if (formats[number] == NULL)
		formats[number] =
			format_find((TextView){format_names[number], (uint32) strlen(format_names[number])});
	return formats[number]->accepts(text) && (number != NFORMATS - 1 || has_uri_mark(text));
}

/*
 * profile_strings_new returns no strings.
 */
ProfileStrings *
profile_strings_new(void)
{
	ProfileStrings *strings = palloc0(sizeof(*strings));

	strings->min_length = PG_UINT32_MAX;
	strings->formats = ALL_FORMATS;
	return strings;
}

/*
 * drop_values has no strings kept any more.
 */
static void
drop_values(ProfileStrings *strings)
{
	for (int i = 0; i < strings->count; i++)
		pfree(unconstify(char *, strings->values[i].data));
	if (strings->values != NULL)
		pfree(strings->values);
	strings->values = NULL;
	strings->count = 0;
	strings->bytes = 0;
	strings->is_open = true;
}

/*
 * profile_strings_free frees strings.
 */
void
profile_strings_free(ProfileStrings *strings)
{
	drop_values(strings);
	pfree(strings);
}

/*
 * find_value tells whether a string is kept, and at which position it is or would be.
 */
static bool
find_value(const ProfileStrings *strings, TextView string, int *position)
{
	int low = 0;
	int high = strings->count;

	while (low < high)
	{
		int middle = (low + high) / 2;
		int order = json_key_compare(string, strings->values[middle]);

		if (order == 0)
		{
			*position = middle;
			return true;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	*position = low;
	return false;
}

/*
 * copy_text returns a copy of a text.
 */
static TextView
copy_text(TextView text)
{
	char *data = palloc(Max(text.len, 1));

	memcpy(data, text.data, text.len);
	return (TextView){data, text.len};
}

/*
 * add_value keeps a string, unless there are too many.
 */
static void
add_value(ProfileStrings *strings, TextView string)
{
	int position;

	if (strings->is_open || find_value(strings, string, &position))
		return;
	if (strings->count == PROFILE_VALUES || string.len + strings->bytes > PROFILE_VALUE_BYTES)
	{
		drop_values(strings);
		return;
	}
	if (strings->values == NULL)
		strings->values = palloc(PROFILE_VALUES * sizeof(TextView));
	memmove(strings->values + position + 1, strings->values + position,
			(strings->count - position) * sizeof(TextView));
	strings->values[position] = copy_text(string);
	strings->count++;
	strings->bytes += (uint16) string.len;
}

/*
 * profile_strings_add adds a string.
 */
void
profile_strings_add(ProfileStrings *strings, TextView string)
{
	uint32 length = json_text_length(string);

	strings->min_length = Min(strings->min_length, length);
	strings->max_length = Max(strings->max_length, length);
	for (Size i = 0; strings->formats >> i != 0; i++)
	{
		if ((strings->formats & 1 << i) != 0 && !has_format(i, string))
			strings->formats &= (uint16) ~(1 << i);
	}
	add_value(strings, string);
}

/*
 * profile_strings_merge adds other strings.
 */
void
profile_strings_merge(ProfileStrings *strings, const ProfileStrings *other)
{
	strings->min_length = Min(strings->min_length, other->min_length);
	strings->max_length = Max(strings->max_length, other->max_length);
	strings->formats &= other->formats;
	if (other->is_open)
		drop_values(strings);
	for (int i = 0; i < other->count; i++)
		add_value(strings, other->values[i]);
}

/*
 * profile_strings_format returns the format that all strings have.
 */
const char *
profile_strings_format(const ProfileStrings *strings)
{
	for (Size i = 0; i < NFORMATS; i++)
	{
		if ((strings->formats & 1 << i) != 0)
			return format_names[i];
	}
	return NULL;
}

/*
 * profile_strings_put appends strings to a state.
 */
void
profile_strings_put(StringInfo out, const ProfileStrings *strings)
{
	pq_sendint32(out, strings->min_length);
	pq_sendint32(out, strings->max_length);
	pq_sendint16(out, strings->formats);
	pq_sendbyte(out, (uint8) strings->is_open);
	pq_sendbyte(out, strings->count);
	for (int i = 0; i < strings->count; i++)
	{
		pq_sendint32(out, strings->values[i].len);
		pq_sendbytes(out, strings->values[i].data, (int) strings->values[i].len);
	}
}

/*
 * profile_text_get reads a text from a state.
 */
TextView
profile_text_get(StringInfo in, uint32 limit)
{
	uint32 len = pq_getmsgint(in, 4);
	const char *data;

	if (len > limit)
		sz_check_status(SZ_BAD_STATE);
	data = pq_getmsgbytes(in, (int) len);
	if (!pg_verify_mbstr(GetDatabaseEncoding(), data, (int) len, true))
		sz_check_status(SZ_BAD_STATE);
	return copy_text((TextView){data, len});
}

/*
 * profile_strings_get reads strings from a state.
 */
void
profile_strings_get(StringInfo in, ProfileStrings *strings)
{
	int is_open;
	int count;

	strings->min_length = pq_getmsgint(in, 4);
	strings->max_length = pq_getmsgint(in, 4);
	strings->formats = (uint16) pq_getmsgint(in, 2);
	is_open = pq_getmsgbyte(in);
	count = pq_getmsgbyte(in);
	if (strings->min_length > strings->max_length || strings->formats > ALL_FORMATS ||
		is_open > 1 || count > PROFILE_VALUES || (is_open == 1) != (count == 0))
		sz_check_status(SZ_BAD_STATE);
	strings->is_open = is_open == 1;
	if (count > 0)
		strings->values = palloc(PROFILE_VALUES * sizeof(TextView));
	for (int i = 0; i < count; i++)
	{
		TextView value = profile_text_get(in, PROFILE_VALUE_BYTES - strings->bytes);

		if (i > 0 && json_key_compare(strings->values[i - 1], value) >= 0)
			sz_check_status(SZ_BAD_STATE);
		strings->values[strings->count++] = value;
		strings->bytes += (uint16) value.len;
	}
}
