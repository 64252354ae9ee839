/*
 * report_html.h
 *		Pieces of HTML: texts that come from data, numbers, days, and what each section consists of.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_REPORT_HTML_H
#define INGEST_REPORT_HTML_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

/* How many characters of a text a table, and the label of a chart, shows. */
#define HTML_TABLE_TEXT 120
#define HTML_LABEL_TEXT 28

/*
 * Add a text from data, escaped, and shortened in its middle to so many characters.  Characters
 * that can't be seen, among them those that change the direction of what follows, are shown by
 * their numbers.
 */
extern void html_text(Text *html, const char *text, size_t max);

/* Add a text that stands for itself, whatever its direction of writing is. */
extern void html_value(Text *html, const char *text, size_t max);

/* Add 1234567 as 1,234,567. */
extern void html_number(Text *html, double number);

/* Add a number and a noun in the singular: "1 session", "2 sessions". */
extern void html_count(Text *html, double number, const char *noun);

/* Add a part of a whole in percent; a dash if the whole is nothing. */
extern void html_share(Text *html, double part, double whole);

/* Add seconds as "44 s", "3 min 20 s", "1 h 5 min" or "2 d 3 h". */
extern void html_duration(Text *html, double seconds);

/* Add a day, given as 2026-03-02, as "2 March 2026", "Monday 2 March 2026" or "2 Mar". */
typedef enum DayStyle
{
	DAY_LONG,
	DAY_WITH_WEEKDAY,
	DAY_SHORT
} DayStyle;

extern void html_day(Text *html, const char *day, DayStyle style);

/* The day of the week: 0 is Monday; -1 for what is no day. */
extern int html_weekday(const char *day);

/* Add a time, given as 2026-03-02T10:11:12.5+00:00, as "2026-03-02 10:11:12 +00:00". */
extern void html_time(Text *html, const char *time);

/* Begin and end a section with its heading. */
extern void html_section(Text *html, const char *id, const char *title);
extern void html_section_end(Text *html);

/*
 * Begin a chart of the section with this id, 960 wide.  The summary is HTML; without its tags it is
 * the chart's description as well, so it must have none.
 */
extern void
html_chart(Text *html, const char *id, const char *title, const char *summary, double height);
extern void html_chart_end(Text *html);

/* Begin and end a table; folded, it is one that a chart shows as well. */
extern void html_table(Text *html, const char *caption, bool folded, const char *const *columns);
extern void html_table_end(Text *html, bool folded);

/* Add a cell with a number. */
extern void html_number_cell(Text *html, double number);
extern void html_share_cell(Text *html, double part, double whole);

/* The largest "nice" distance of ticks with which at most four reach the number. */
extern double html_tick(double number);

#endif /* INGEST_REPORT_HTML_H */
