/*
 * report_totals.c
 *		The row of figures at the top of a report, with their change from the days before.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <math.h>

#include "report_html.h"
#include "report_sections.h"

/* A figure of sessionize.report()'s totals. */
typedef struct Figure
{
	const char *title;
	double now;
	double before;
	bool is_share;    /* of the sessions, in percent */
	bool is_duration; /* in seconds */
} Figure;

/*
 * put_change adds how a figure has changed; a share in percentage points.
 */
static void
put_change(Text *html, const Figure *figure, bool has_before)
{
	double change = figure->is_share ? figure->now - figure->before
									 : 100 * (figure->now - figure->before) / figure->before;

	if (!has_before || (!figure->is_share && figure->before == 0))
		return;
	if (fabs(change) < 0.05)
	{
		text_put(html, "<span class=\"change\">as before</span>");
		return;
	}
	text_printf(html, "<span class=\"change\"><span aria-hidden=\"true\">%s</span> ",
				change > 0 ? "▲" : "▼");
	if (fabs(change) >= 1000)
		text_printf(html, "%.0f times as many</span>", change / 100 + 1);
	else
		text_printf(html, "%.1f%s %s</span>", fabs(change), figure->is_share ? " points" : "%",
					change > 0 ? "more" : "less");
}

/*
 * put_figure adds a figure.
 */
static void
put_figure(Text *html, const Figure *figure, bool has_before)
{
	text_printf(html, "<div><dt>%s</dt><dd><b>", figure->title);
	if (isnan(figure->now))
		text_put(html, "–");
	else if (figure->is_share)
		text_printf(html, "%.1f%%", figure->now);
	else if (figure->is_duration)
		html_duration(html, figure->now);
	else
		html_number(html, figure->now);
	text_put(html, "</b>");
	put_change(html, figure, has_before && !isnan(figure->now) && !isnan(figure->before));
	text_put(html, "</dd></div>\n");
}

/*
 * bounce_rate returns the bounce rate in percent; not a number where there are no sessions.
 */
static double
bounce_rate(const json_t *totals)
{
	double sessions = number_of(totals, "sessions");

	return sessions > 0 ? 100 * number_of(totals, "bounces") / sessions : NAN;
}

/*
 * median returns the median duration; not a number where there is none.
 */
static double
median(const json_t *totals)
{
	const json_t *seconds = json_object_get(totals, "median_seconds");

	return json_is_number(seconds) ? json_number_value(seconds) : NAN;
}

/*
 * report_totals adds the figures.
 */
void
report_totals(Text *html, const Report *report)
{
	const json_t *now = json_object_get(report->document, "totals");
	const json_t *before = json_object_get(report->document, "totals_before");
	/* of a pipeline that has just begun, there are too few days to compare with */
	bool has_before = number_of(before, "days") * 2 > number_of(now, "days");
	Figure figures[] = {
		{"Sessions", number_of(now, "sessions"), number_of(before, "sessions"), false, false},
		{"Visitors", number_of(now, "visitors"), number_of(before, "visitors"), false, false},
		{"Events", number_of(now, "events"), number_of(before, "events"), false, false},
		{"Bounce rate", bounce_rate(now), bounce_rate(before), true, false},
		{"Median duration", median(now), median(before), false, true},
	};

	html_section(html, "totals", "At a glance");
	text_put(html, "<dl class=\"figures\">\n");
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		put_figure(html, &figures[i], has_before);
	text_printf(html,
				"</dl>\n<p class=\"note\">%s. The median duration is of sessions that are no "
				"bounces.</p>\n",
				has_before ? "Changes are from the same number of days before"
						   : "On the days before there is too little to compare with");
	html_section_end(html);
}
