/*
 * parse_time.c
 *		Times as trackers write them: ISO 8601, or the time since 1970 as a number.
 *
 * PostgreSQL's own conversion depends on settings (TimeZone, DateStyle) and on the current time
 * ('today'), so a mapping can't use it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/datetime.h"

#include "web/parse_time.h"

#define UNIX_EPOCH ((TimestampTz) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY)

/* Numbers below these are seconds, milliseconds and microseconds. */
#define SECONDS_END      INT64CONST(100000000000)
#define MILLISECONDS_END INT64CONST(100000000000000)
#define MICROSECONDS_END INT64CONST(100000000000000000)

/* What is still to be read of a text. */
typedef struct Rest
{
	const char *at;
	const char *end;
} Rest;

/*
 * is_digit tells whether a digit is next.
 */
static inline bool
is_digit(const Rest *rest)
{
	return rest->at < rest->end && *rest->at >= '0' && *rest->at <= '9';
}

/*
 * take_char takes one of two characters.
 */
static inline bool
take_char(Rest *rest, char a, char b)
{
	if (rest->at == rest->end || (*rest->at != a && *rest->at != b))
		return false;
	rest->at++;
	return true;
}

/*
 * take_number takes a number of exactly so many digits.
 */
static bool
take_number(Rest *rest, int digits, int *number)
{
	*number = 0;
	for (int i = 0; i < digits; i++)
	{
		if (!is_digit(rest))
			return false;
		*number = *number * 10 + (*rest->at++ - '0');
	}
	return true;
}

/*
 * take_fraction takes a point and digits, and returns the first of them as a number with so many
 * digits; 0 if there is no point.
 */
static int
take_fraction(Rest *rest, int digits)
{
	int fraction = 0;

	if (!take_char(rest, '.', ','))
		return 0;
	for (; is_digit(rest); rest->at++)
		if (digits > 0)
		{
			fraction = fraction * 10 + (*rest->at - '0');
			digits--;
		}
	for (; digits > 0; digits--)
		fraction *= 10;
	return fraction;
}

/*
 * take_date takes a date, and sets the time of its midnight.
 */
static bool
take_date(Rest *rest, TimestampTz *time)
{
	int year;
	int month;
	int day;

	if (!take_number(rest, 4, &year) || !take_char(rest, '-', '-') ||
		!take_number(rest, 2, &month) || !take_char(rest, '-', '-') || !take_number(rest, 2, &day))
		return false;
	if (year < 1 || month < 1 || month > MONTHS_PER_YEAR || day < 1 ||
		day > day_tab[isleap(year)][month - 1])
		return false;
	*time = (TimestampTz) (date2j(year, month, day) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
	return true;
}

/*
 * take_clock takes hours, minutes, and seconds if there are any, and adds them to the time.
 */
static bool
take_clock(Rest *rest, TimestampTz *time)
{
	int hours;
	int minutes;
	int seconds = 0;
	int fraction = 0;

	if (!take_number(rest, 2, &hours) || !take_char(rest, ':', ':') ||
		!take_number(rest, 2, &minutes))
		return false;
	if (take_char(rest, ':', ':'))
	{
		if (!take_number(rest, 2, &seconds))
			return false;
		fraction = take_fraction(rest, 6);
	}
	if (hours > 23 || minutes > 59 || seconds > 60)
		return false;
	*time +=
		hours * USECS_PER_HOUR + minutes * USECS_PER_MINUTE + seconds * USECS_PER_SEC + fraction;
	return true;
}

/*
 * take_zone takes a zone, and changes the time from local to universal time.  Without a zone it is
 * taken to be that already.
 */
static bool
take_zone(Rest *rest, TimestampTz *time)
{
	int hours;
	int minutes = 0;
	bool is_east = rest->at < rest->end && *rest->at == '+';

	if (rest->at == rest->end || take_char(rest, 'Z', 'z'))
		return true;
	if (!take_char(rest, '+', '-') || !take_number(rest, 2, &hours))
		return false;
	(void) take_char(rest, ':', ':');
	if (rest->at < rest->end && !take_number(rest, 2, &minutes))
		return false;
	if (hours > MAX_TZDISP_HOUR || minutes > 59)
		return false;
	*time += (is_east ? -1 : 1) * (hours * USECS_PER_HOUR + minutes * USECS_PER_MINUTE);
	return true;
}

/*
 * parse_iso reads a time by ISO 8601.
 */
static bool
parse_iso(Rest *rest, TimestampTz *time)
{
	return take_date(rest, time) && (take_char(rest, 'T', 't') || take_char(rest, ' ', ' ')) &&
		   take_clock(rest, time) && take_zone(rest, time);
}

/*
 * parse_epoch reads the time since 1970 as a number of seconds, milliseconds or microseconds, which
 * its size tells.
 */
static bool
parse_epoch(Rest *rest, TimestampTz *time)
{
	int64 number = 0;

	while (is_digit(rest) && number < MICROSECONDS_END)
		number = number * 10 + (*rest->at++ - '0');
	if (number < SECONDS_END)
		*time = number * USECS_PER_SEC + take_fraction(rest, 6);
	else if (number < MILLISECONDS_END)
		*time = number * 1000 + take_fraction(rest, 3);
	else
	{
		*time = number;
		(void) take_fraction(rest, 0);
	}
	*time -= UNIX_EPOCH;
	return number < MICROSECONDS_END;
}

/*
 * parse_time reads a time.
 */
bool
parse_time(TextView text, TimestampTz *time)
{
	Rest rest = {text.data, text.data + text.len};
	bool is_iso = text.len > 4 && text.data[4] == '-';

	if (!is_digit(&rest))
		return false;
	return (is_iso ? parse_iso(&rest, time) : parse_epoch(&rest, time)) && rest.at == rest.end;
}
