/*
 * avro_logical.c
 *		Values of Avro's logical types as JSON.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "avro_logical.h"
#include "bytes.h"

#define SECONDS_PER_DAY   86400
#define MAX_DECIMAL_BYTES 1024
#define LIMBS             (MAX_DECIMAL_BYTES / 4)
#define GROUP             1000000000 /* nine digits */
#define MAX_GROUPS        (LIMBS * 10 / 9 + 2)

/*
 * divide divides and rounds down; the rest is never negative.
 */
static int64_t
divide(int64_t value, int64_t by, int64_t *rest)
{
	int64_t quotient = value / by;

	*rest = value % by;
	if (*rest < 0)
	{
		*rest += by;
		quotient--;
	}
	return quotient;
}

/*
 * put_date writes the date of a day, counted from 1970-01-01 in the Gregorian calendar.
 */
static void
put_date(JsonWriter *writer, int64_t day)
{
	int64_t day_of_era;
	int64_t era = divide(day + 719468, 146097, &day_of_era); /* of 400 years that begin in March */
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * day_of_year + 2) / 153;
	int64_t year = year_of_era + era * 400 + (month >= 10);
	char text[64];

	snprintf(text, sizeof(text),
			 year < 0 || year > 9999 ? "%+07" PRId64 "-%02d-%02d" : "%04" PRId64 "-%02d-%02d", year,
			 (int) (month < 10 ? month + 3 : month - 9),
			 (int) (day_of_year - (153 * month + 2) / 5 + 1));
	json_put_text(writer, text);
}

/*
 * put_time writes a time of day, which is counted in parts of a second.
 */
static void
put_time(JsonWriter *writer, int64_t parts, int64_t parts_per_second, int digits)
{
	int64_t fraction;
	int64_t seconds = divide(parts, parts_per_second, &fraction);
	char text[64];

	snprintf(text, sizeof(text), "%02d:%02d:%02d.%0*" PRId64, (int) (seconds / 3600),
			 (int) (seconds / 60 % 60), (int) (seconds % 60), digits, fraction);
	json_put_text(writer, text);
}

/*
 * put_timestamp writes a date and a time.
 */
static void
put_timestamp(JsonWriter *writer, int64_t value, int64_t parts_per_second, int digits,
			  const char *zone)
{
	int64_t parts;
	int64_t day = divide(value, parts_per_second * SECONDS_PER_DAY, &parts);

	json_put_text(writer, "\"");
	put_date(writer, day);
	json_put_text(writer, "T");
	put_time(writer, parts, parts_per_second, digits);
	json_put_text(writer, zone);
	json_put_text(writer, "\"");
}

/*
 * put_time_of_day writes a time that is within a day, or else the number that is there.
 */
static void
put_time_of_day(JsonWriter *writer, int64_t value, int64_t parts_per_second, int digits)
{
	if (value < 0 || value >= parts_per_second * SECONDS_PER_DAY)
	{
		json_put_integer(writer, value);
		return;
	}
	json_put_text(writer, "\"");
	put_time(writer, value, parts_per_second, digits);
	json_put_text(writer, "\"");
}

/*
 * put_logical_integer writes an int or a long.
 */
void
put_logical_integer(JsonWriter *writer, AvroLogical logical, int64_t value)
{
	switch (logical)
	{
		case LOGICAL_DATE:
			json_put_text(writer, "\"");
			put_date(writer, value);
			json_put_text(writer, "\"");
			break;
		case LOGICAL_TIME_MILLIS:
			put_time_of_day(writer, value, 1000, 3);
			break;
		case LOGICAL_TIME_MICROS:
			put_time_of_day(writer, value, 1000000, 6);
			break;
		case LOGICAL_TIMESTAMP_MILLIS:
			put_timestamp(writer, value, 1000, 3, "Z");
			break;
		case LOGICAL_TIMESTAMP_MICROS:
			put_timestamp(writer, value, 1000000, 6, "Z");
			break;
		case LOGICAL_TIMESTAMP_NANOS:
			put_timestamp(writer, value, 1000000000, 9, "Z");
			break;
		case LOGICAL_LOCAL_TIMESTAMP_MILLIS:
			put_timestamp(writer, value, 1000, 3, "");
			break;
		case LOGICAL_LOCAL_TIMESTAMP_MICROS:
			put_timestamp(writer, value, 1000000, 6, "");
			break;
		case LOGICAL_LOCAL_TIMESTAMP_NANOS:
			put_timestamp(writer, value, 1000000000, 9, "");
			break;
		default:
			json_put_integer(writer, value);
	}
}

/*
 * read_limbs reads the amount of a big-endian number in two's complement, with the most significant
 * limb first.  It returns their count.
 */
static size_t
read_limbs(const unsigned char *bytes, size_t length, bool negative, uint32_t *limbs)
{
	size_t count = (length + 3) / 4;
	uint64_t carry = negative;

	memset(limbs, negative ? 0xff : 0, count * sizeof(uint32_t));
	for (size_t i = 0; i < length; i++)
	{
		size_t from_end = length - 1 - i;
		uint32_t *limb = &limbs[count - 1 - from_end / 4];
		int shift = (int) (from_end % 4) * 8;

		*limb = (*limb & ~(UINT32_C(0xff) << shift)) | (uint32_t) bytes[i] << shift;
	}
	for (size_t i = count; negative && i-- > 0;)
	{
		carry += (uint32_t) ~limbs[i];
		limbs[i] = (uint32_t) carry;
		carry >>= 32;
	}
	return count;
}

/*
 * divide_limbs divides a number in place and returns the rest.
 */
static uint32_t
divide_limbs(uint32_t *limbs, size_t count, uint32_t by)
{
	uint64_t rest = 0;

	for (size_t i = 0; i < count; i++)
	{
		rest = rest << 32 | limbs[i];
		limbs[i] = (uint32_t) (rest / by);
		rest %= by;
	}
	return (uint32_t) rest;
}

/*
 * decimal_digits writes the digits of a number, without leading zeros, and returns how many there
 * are: none for zero.
 */
static size_t
decimal_digits(uint32_t *limbs, size_t count, char *digits)
{
	uint32_t groups[MAX_GROUPS];
	size_t group_count = 0;
	size_t first = 0;
	char *end = digits;

	while (first < count)
	{
		if (limbs[first] == 0)
			first++;
		else
			groups[group_count++] = divide_limbs(limbs + first, count - first, GROUP);
	}
	for (size_t i = group_count; i-- > 0;)
		end += sprintf(end, end == digits ? "%" PRIu32 : "%09" PRIu32, groups[i]);
	return (size_t) (end - digits);
}

/*
 * put_decimal writes a number with so many digits after the point.
 */
static bool
put_decimal(JsonWriter *writer, const unsigned char *bytes, size_t length, size_t scale)
{
	uint32_t limbs[LIMBS];
	char digits[MAX_GROUPS * 9 + 1];
	bool negative = length > 0 && bytes[0] >= 0x80;
	size_t whole;
	size_t count;

	if (length > MAX_DECIMAL_BYTES)
		return false;
	count = decimal_digits(limbs, read_limbs(bytes, length, negative, limbs), digits);
	whole = count > scale ? count - scale : 0;
	if (negative)
		json_put_text(writer, "-");
	json_put(writer, whole > 0 ? digits : "0", whole > 0 ? whole : 1);
	if (scale == 0)
		return true;
	json_put_text(writer, ".");
	for (size_t i = count; i < scale; i++)
		json_put_text(writer, "0");
	json_put(writer, digits + whole, count - whole);
	return true;
}

/*
 * put_uuid writes 16 bytes as a UUID.
 */
static void
put_uuid(JsonWriter *writer, const unsigned char *bytes)
{
	char text[40];
	char *end = text;

	*end++ = '"';
	for (int i = 0; i < 16; i++)
		end += sprintf(end, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", bytes[i]);
	*end++ = '"';
	json_put(writer, text, (size_t) (end - text));
}

/*
 * put_duration writes months, days and milliseconds.
 */
static void
put_duration(JsonWriter *writer, const unsigned char *bytes)
{
	uint32_t milliseconds = load_u32(bytes + 8);
	char text[80];

	snprintf(text, sizeof(text), "\"P%" PRIu32 "M%" PRIu32 "DT%" PRIu32 ".%03" PRIu32 "S\"",
			 load_u32(bytes), load_u32(bytes + 4), milliseconds / 1000, milliseconds % 1000);
	json_put_text(writer, text);
}

/*
 * put_logical_bytes writes bytes or a fixed.
 */
bool
put_logical_bytes(JsonWriter *writer, const AvroNode *node, const unsigned char *bytes,
				  size_t length)
{
	switch (node->logical)
	{
		case LOGICAL_DECIMAL:
			return put_decimal(writer, bytes, length, (size_t) node->scale);
		case LOGICAL_UUID:
			put_uuid(writer, bytes);
			return true;
		case LOGICAL_DURATION:
			put_duration(writer, bytes);
			return true;
		default:
			json_put_base64(writer, bytes, length);
			return true;
	}
}
