/*
 * format_time.c
 *		The formats of dates and times, by RFC 3339.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/ascii.h"
#include "contract/format_time.h"

/*
 * days_in_month returns how many days a month has.
 */
static int32
days_in_month(int32 year, int32 month)
{
	static const int8 days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/*
 * take_date takes a date such as 2026-12-01.
 */
static bool
take_date(TextView *text)
{
	int32 year;
	int32 month;
	int32 day;

	return ascii_take_digits(text, 4, 4, &year) && ascii_take(text, '-') &&
		   ascii_take_digits(text, 2, 2, &month) && ascii_take(text, '-') &&
		   ascii_take_digits(text, 2, 2, &day) && month >= 1 && month <= 12 && day >= 1 &&
		   day <= days_in_month(year, month);
}

/*
 * take_offset takes an offset from UTC such as Z or +02:00.
 */
static bool
take_offset(TextView *text, int32 *minutes)
{
	int32 hour;
	int32 minute;
	bool behind;

	*minutes = 0;
	if (ascii_take(text, 'Z') || ascii_take(text, 'z'))
		return true;
	behind = ascii_take(text, '-');
	if ((!behind && !ascii_take(text, '+')) || !ascii_take_digits(text, 2, 2, &hour) ||
		!ascii_take(text, ':') || !ascii_take_digits(text, 2, 2, &minute) || hour > 23 ||
		minute > 59)
		return false;
	*minutes = (hour * 60 + minute) * (behind ? -1 : 1);
	return true;
}

/*
 * take_time takes a time of day such as 12:30:00.5Z.  A leap second is the last one of a day in
 * UTC.
 */
static bool
take_time(TextView *text)
{
	int32 hour;
	int32 minute;
	int32 second;
	int32 fraction;
	int32 offset;

	if (!ascii_take_digits(text, 2, 2, &hour) || !ascii_take(text, ':') ||
		!ascii_take_digits(text, 2, 2, &minute) || !ascii_take(text, ':') ||
		!ascii_take_digits(text, 2, 2, &second) || hour > 23 || minute > 59 || second > 60)
		return false;
	if (ascii_take(text, '.') && !ascii_take_digits(text, 1, PG_UINT32_MAX, &fraction))
		return false;
	if (!take_offset(text, &offset))
		return false;
	return second < 60 || (hour * 60 + minute - offset + 2 * 1440) % 1440 == 1439;
}

/*
 * format_date tells whether a text is a date.
 */
bool
format_date(TextView text)
{
	return take_date(&text) && text.len == 0;
}

/*
 * format_time tells whether a text is a time of day with an offset.
 */
bool
format_time(TextView text)
{
	return take_time(&text) && text.len == 0;
}

/*
 * format_date_time tells whether a text is a date and a time of day.
 */
bool
format_date_time(TextView text)
{
	return take_date(&text) && (ascii_take(&text, 'T') || ascii_take(&text, 't')) &&
		   take_time(&text) && text.len == 0;
}

/*
 * take_units takes numbers that are followed by units, such as 1H30M: some of the units, in their
 * order, with none left out in between.
 */
static bool
take_units(TextView *text, const char *units)
{
	const char *next = NULL;
	int32 number;

	while (text->len > 0 && ascii_is_digit(text->data[0]))
	{
		const char *unit;

		if (!ascii_take_digits(text, 1, PG_UINT32_MAX, &number) || text->len == 0)
			return false;
		unit = text->data[0] == '\0' ? NULL : strchr(units, text->data[0]);
		if (unit == NULL || (next != NULL && unit != next))
			return false;
		next = unit + 1;
		text->data++;
		text->len--;
	}
	return next != NULL;
}

/*
 * format_duration tells whether a text is a duration of ISO 8601, such as P1DT12H or P2W.
 */
bool
format_duration(TextView text)
{
	TextView weeks;
	bool has_date;

	if (!ascii_take(&text, 'P'))
		return false;
	weeks = text;
	if (take_units(&weeks, "W"))
		return weeks.len == 0;
	has_date = text.len > 0 && text.data[0] != 'T';
	if (has_date && !take_units(&text, "YMD"))
		return false;
	if (ascii_take(&text, 'T'))
		return take_units(&text, "HMS") && text.len == 0;
	return has_date && text.len == 0;
}
