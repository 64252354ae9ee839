/*
 * report_html.c
 *		Pieces of HTML.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "report_html.h"

static const char *const months[] = {"January",   "February", "March",    "April",
									 "May",       "June",     "July",     "August",
									 "September", "October",  "November", "December"};
static const char *const weekdays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
									   "Friday", "Saturday", "Sunday"};

/*
 * code_point returns the character that begins at some bytes of UTF-8, of which there are length.
 */
static uint32_t
code_point(const unsigned char *at, size_t length)
{
	uint32_t point = length == 1 ? at[0] : at[0] & (0x7Fu >> length);

	for (size_t i = 1; i < length; i++)
		point = point << 6 | (at[i] & 0x3Fu);
	return point;
}

/*
 * is_unseen returns whether a character shows nothing, or changes the direction of others.
 */
static bool
is_unseen(uint32_t point)
{
	return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0xAD || point == 0x61C ||
		   (point >= 0x200B && point <= 0x200F) || (point >= 0x2028 && point <= 0x202E) ||
		   (point >= 0x2060 && point <= 0x206F) || point == 0xFEFF ||
		   (point >= 0xFFF9 && point <= 0xFFFB) || (point & 0xFFFE) == 0xFFFE ||
		   (point >= 0xFDD0 && point <= 0xFDEF) || (point >= 0xE0000 && point <= 0xE007F);
}

/*
 * put_character adds one character, escaped.
 */
static void
put_character(Text *html, const unsigned char *at, size_t length)
{
	uint32_t point = code_point(at, length);

	if (point == '&')
		text_put(html, "&amp;");
	else if (point == '<')
		text_put(html, "&lt;");
	else if (point == '>')
		text_put(html, "&gt;");
	else if (point == '"')
		text_put(html, "&quot;");
	else if (point == '\'')
		text_put(html, "&#39;");
	else if (is_unseen(point))
		text_printf(html, "⟨U+%04X⟩", (unsigned) point);
	else
		text_add(html, (const char *) at, length);
}

/*
 * count_characters returns how many characters a text has; a byte that is part of none is one.
 */
static size_t
count_characters(const unsigned char *at, size_t length)
{
	size_t count = 0;

	for (size_t used = 0; used < length; count++)
	{
		size_t n = utf8_length(at + used, length - used);

		used += n == 0 ? 1 : n;
	}
	return count;
}

/*
 * html_text adds a text, two thirds of it from its beginning if it is too long.
 */
void
html_text(Text *html, const char *text, size_t max)
{
	const unsigned char *at = (const unsigned char *) text;
	size_t length = strlen(text);
	size_t count = count_characters(at, length);
	size_t head = count > max ? max * 2 / 3 : count;
	size_t tail = count > max ? count - (max - head - 1) : count;

	for (size_t i = 0; i < count; i++)
	{
		size_t n = utf8_length(at, length);

		if (i < head || i >= tail)
		{
			if (n == 0)
				text_put(html, "\xEF\xBF\xBD");
			else
				put_character(html, at, n);
		}
		else if (i == head)
			text_put(html, "…");
		at += n == 0 ? 1 : n;
		length -= n == 0 ? 1 : n;
	}
}

/*
 * html_value adds a text as a unit of its own.
 */
void
html_value(Text *html, const char *text, size_t max)
{
	text_put(html, "<bdi>");
	if (*text == '\0')
		text_put(html, "(empty)");
	else
		html_text(html, text, max);
	text_put(html, "</bdi>");
}

/*
 * html_number adds a number with commas.
 */
void
html_number(Text *html, double number)
{
	char digits[64];
	int length = snprintf(digits, sizeof(digits), "%.0f", fabs(number));

	if (length >= (int) sizeof(digits))
	{
		text_printf(html, "%g", number);
		return;
	}
	if (number < 0)
		text_put(html, "−");
	for (int i = 0; i < length; i++)
	{
		if (i > 0 && (length - i) % 3 == 0)
			text_put(html, ",");
		text_add(html, digits + i, 1);
	}
}

/*
 * html_count adds a number and its noun.
 */
void
html_count(Text *html, double number, const char *noun)
{
	html_number(html, number);
	text_printf(html, " %s%s", noun, number == 1 ? "" : "s");
}

/*
 * html_share adds a percentage.  What is not all, or not nothing, never looks as if it were.
 */
void
html_share(Text *html, double part, double whole)
{
	double percent;

	if (whole <= 0)
	{
		text_put(html, "–");
		return;
	}
	percent = 100 * part / whole;
	if (percent > 0 && percent < 0.05)
		text_put(html, "&lt;0.1%");
	else if (percent < 100 && percent >= 99.95)
		text_put(html, "&gt;99.9%");
	else
		text_printf(html, "%.1f%%", percent);
}

/*
 * html_duration adds a duration in its two largest units, without the second if it is zero.
 */
void
html_duration(Text *html, double seconds)
{
	static const struct
	{
		long length;
		const char *name;
	} units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	long whole = lround(fmin(seconds, 1e15));
	size_t i = 0;

	if (seconds < 1 && seconds > 0)
	{
		text_put(html, "&lt;1 s");
		return;
	}
	while (i < 3 && whole < units[i].length)
		i++;
	text_printf(html, "%ld %s", whole / units[i].length, units[i].name);
	whole %= units[i].length;
	if (i < 3 && whole / units[i + 1].length > 0)
		text_printf(html, " %ld %s", whole / units[i + 1].length, units[i + 1].name);
}

/*
 * read_day reads a day; false for what is none.
 */
static bool
read_day(const char *day, int *year, int *month, int *of_month)
{
	return sscanf(day, "%d-%d-%d", year, month, of_month) == 3 && *month >= 1 && *month <= 12;
}

/*
 * html_weekday reckons with years that begin in March (Zeller).
 */
int
html_weekday(const char *day)
{
	int year;
	int month;
	int of_month;

	if (!read_day(day, &year, &month, &of_month))
		return -1;
	if (month < 3)
	{
		month += 12;
		year--;
	}
	return (of_month + 13 * (month + 1) / 5 + year + year / 4 - year / 100 + year / 400 + 5) % 7;
}

/*
 * html_day adds a day in words.
 */
void
html_day(Text *html, const char *day, DayStyle style)
{
	int year;
	int month;
	int of_month;

	if (!read_day(day, &year, &month, &of_month))
	{
		html_text(html, day, 20);
		return;
	}
	if (style == DAY_SHORT)
	{
		text_printf(html, "%d %.3s", of_month, months[month - 1]);
		return;
	}
	if (style == DAY_WITH_WEEKDAY)
		text_printf(html, "%s ", weekdays[html_weekday(day)]);
	text_printf(html, "%d %s %d", of_month, months[month - 1], year);
}

/*
 * html_time adds a time without fractions of a second.
 */
void
html_time(Text *html, const char *time)
{
	size_t zone = strcspn(time, "T");

	zone += strcspn(time + zone, "+-Z");
	if (strlen(time) < 19 || time[10] != 'T')
	{
		html_text(html, time, 40);
		return;
	}
	text_printf(html, "%.10s %.8s ", time, time + 11);
	html_text(html, time + zone, 10);
}

/*
 * html_section begins a section.
 */
void
html_section(Text *html, const char *id, const char *title)
{
	text_printf(html,
				"<section id=\"%s\" aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">%s</h2>\n",
				id, id, id, title);
}

/*
 * html_section_end ends it.
 */
void
html_section_end(Text *html)
{
	text_put(html, "</section>\n");
}

/*
 * html_chart begins a chart, in a box that can be scrolled where the screen is narrow.
 */
void
html_chart(Text *html, const char *id, const char *title, const char *summary, double height)
{
	text_printf(html,
				"<p>%s</p>\n<div class=\"wide\" role=\"group\" aria-label=\"%s, chart\" "
				"tabindex=\"0\">\n<svg viewBox=\"0 0 960 %.0f\" role=\"img\" "
				"aria-labelledby=\"%s-chart %s-text\">\n"
				"<title id=\"%s-chart\">%s</title>\n<desc id=\"%s-text\">%s</desc>\n",
				summary, title, height, id, id, id, title, id, summary);
}

/*
 * html_chart_end ends it.
 */
void
html_chart_end(Text *html)
{
	text_put(html, "</svg>\n</div>\n");
}

/*
 * html_table begins a table; a column that begins with # has numbers.
 */
void
html_table(Text *html, const char *caption, bool folded, const char *const *columns)
{
	if (folded)
		text_put(html, "<details>\n<summary>The numbers</summary>\n");
	text_printf(html,
				"<div class=\"wide\" role=\"group\" aria-label=\"%s, table\" tabindex=\"0\">\n"
				"<table>\n<caption>%s</caption>\n<thead><tr>",
				caption, caption);
	for (size_t i = 0; columns[i] != NULL; i++)
	{
		bool number = *columns[i] == '#';

		text_printf(html, "<th scope=\"col\"%s>%s</th>", number ? " class=\"n\"" : "",
					columns[i] + number);
	}
	text_put(html, "</tr></thead>\n<tbody>\n");
}

/*
 * html_table_end ends it.
 */
void
html_table_end(Text *html, bool folded)
{
	text_put(html, "</tbody>\n</table>\n</div>\n");
	if (folded)
		text_put(html, "</details>\n");
}

/*
 * html_number_cell adds a cell with a number.
 */
void
html_number_cell(Text *html, double number)
{
	text_put(html, "<td class=\"n\">");
	html_number(html, number);
	text_put(html, "</td>");
}

/*
 * html_share_cell adds a cell with a percentage.
 */
void
html_share_cell(Text *html, double part, double whole)
{
	text_put(html, "<td class=\"n\">");
	html_share(html, part, whole);
	text_put(html, "</td>");
}

/*
 * html_tick tries 1, 2, 5, 10, 20, 50, ...
 */
double
html_tick(double number)
{
	static const double factors[] = {2, 2.5, 2};
	double tick = 1;

	for (int i = 0; number / tick > 4 && i < 900; i++)
		tick *= factors[i % 3];
	return tick;
}
