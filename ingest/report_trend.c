/*
 * report_trend.c
 *		Sessions by day, week or month, as columns.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <math.h>
#include <string.h>

#include "report_html.h"
#include "report_sections.h"

#define HEIGHT 250.0
#define LEFT   56.0
#define RIGHT  950.0
#define TOP    24.0
#define BOTTOM 216.0
#define LABELS 9 /* days with a label, at most */

/* What the columns are drawn from. */
typedef struct Trend
{
	const json_t *points;
	size_t count;
	const char *unit; /* day, week or month */
	size_t least;     /* the numbers of points */
	size_t most;
	double total;
	double scale; /* sessions at the top */
	double tick;
} Trend;

/*
 * sessions_at returns the sessions of a point.
 */
static double
sessions_at(const Trend *trend, size_t i)
{
	return number_of(json_array_get(trend->points, i), "sessions");
}

/*
 * day_at returns the first day of a point.
 */
static const char *
day_at(const Trend *trend, size_t i)
{
	return text_of(json_array_get(trend->points, i), "from");
}

/*
 * trend_of looks at all points.
 */
static Trend
trend_of(const Report *report)
{
	const json_t *object = json_object_get(report->document, "trend");
	Trend trend = {.points = json_object_get(object, "points"), .unit = text_of(object, "unit")};

	trend.count = json_array_size(trend.points);
	for (size_t i = 0; i < trend.count; i++)
	{
		double sessions = sessions_at(&trend, i);

		trend.total += sessions;
		if (sessions > sessions_at(&trend, trend.most))
			trend.most = i;
		if (sessions < sessions_at(&trend, trend.least))
			trend.least = i;
	}
	trend.tick = html_tick(sessions_at(&trend, trend.most));
	trend.scale = fmax(1, ceil(sessions_at(&trend, trend.most) / trend.tick)) * trend.tick;
	return trend;
}

/*
 * put_when adds when a point was: "on Monday 2 March 2026", "in the week from 2 March 2026".
 */
static void
put_when(Text *html, const Trend *trend, size_t i)
{
	if (strcmp(trend->unit, "day") == 0)
	{
		text_put(html, "on ");
		html_day(html, day_at(trend, i), DAY_WITH_WEEKDAY);
		return;
	}
	text_printf(html, "in the %s from ", trend->unit);
	html_day(html, day_at(trend, i), DAY_LONG);
}

/*
 * put_summary adds the sentence about the columns.
 */
static void
put_summary(Text *html, const Trend *trend)
{
	if (trend->total == 0)
	{
		text_put(html, "There were no sessions.");
		return;
	}
	if (trend->total < 10 * (double) trend->count)
		text_printf(html, "%.1f sessions", trend->total / (double) trend->count);
	else
		html_count(html, trend->total / (double) trend->count, "session");
	text_printf(html, " a %s on average; the most, ", trend->unit);
	html_number(html, sessions_at(trend, trend->most));
	text_put(html, ", ");
	put_when(html, trend, trend->most);
	if (trend->least != trend->most)
	{
		text_put(html, ", and the fewest, ");
		html_number(html, sessions_at(trend, trend->least));
		text_put(html, ", ");
		put_when(html, trend, trend->least);
	}
	text_put(html, ".");
}

/*
 * put_axis adds the lines of the vertical axis and their numbers.
 */
static void
put_axis(Text *html, const Trend *trend)
{
	for (double value = 0; value <= trend->scale; value += trend->tick)
	{
		double y = BOTTOM - (BOTTOM - TOP) * value / trend->scale;

		text_printf(html,
					"<path class=\"%s\" d=\"M%.0f %.1fH%.0f\"/><text class=\"soft\" x=\"%.0f\" "
					"y=\"%.1f\" text-anchor=\"end\">",
					value == 0 ? "axis" : "grid", LEFT, y, RIGHT, LEFT - 8, y + 4);
		html_number(html, value);
		text_put(html, "</text>\n");
	}
}

/*
 * has_label returns whether the day of a point is written below it: Mondays, or each so many.
 */
static bool
has_label(const Trend *trend, size_t i)
{
	bool weekly = strcmp(trend->unit, "day") == 0 && trend->count > LABELS;
	size_t first = 0;
	size_t every = weekly ? 7 : 1;

	while (weekly && first < 7 && html_weekday(day_at(trend, first)) != 0)
		first++;
	while ((trend->count - 1) / every >= LABELS)
		every += weekly ? 7 : 1;
	return i >= first && (i - first) % every == 0;
}

/*
 * put_column adds a column, and the number at its top if it is the highest one.
 */
static void
put_column(Text *html, const Trend *trend, size_t i)
{
	double width = (RIGHT - LEFT) / (double) trend->count;
	double x = LEFT + width * (double) i;
	double inset = fmin(width * 0.12, 6);
	double height = (BOTTOM - TOP) * sessions_at(trend, i) / trend->scale;
	double bar = fmin(width - 2 * inset, 72);

	text_printf(html,
				"<rect class=\"bar\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"><title>",
				x + (width - bar) / 2, BOTTOM - height, bar, height);
	html_day(html, day_at(trend, i), DAY_WITH_WEEKDAY);
	text_put(html, ": ");
	html_count(html, sessions_at(trend, i), "session");
	text_put(html, "</title></rect>");
	if (i == trend->most && trend->total > 0)
	{
		text_printf(html, "<text class=\"strong\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">",
					fmin(x + width / 2, RIGHT - 20), BOTTOM - height - 6);
		html_number(html, sessions_at(trend, i));
		text_put(html, "</text>");
	}
	if (has_label(trend, i))
	{
		text_printf(html, "<text class=\"soft\" x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">",
					x + width / 2, BOTTOM + 20);
		html_day(html, day_at(trend, i), DAY_SHORT);
		text_put(html, "</text>");
	}
	text_put(html, "\n");
}

/*
 * put_rows adds the table's rows.
 */
static void
put_rows(Text *html, const Trend *trend)
{
	for (size_t i = 0; i < trend->count; i++)
	{
		const json_t *point = json_array_get(trend->points, i);
		double sessions = number_of(point, "sessions");

		text_put(html, "<tr><th scope=\"row\">");
		html_day(html, day_at(trend, i), DAY_WITH_WEEKDAY);
		text_put(html, "</th>");
		html_number_cell(html, sessions);
		html_number_cell(html, number_of(point, "visitors"));
		html_number_cell(html, number_of(point, "bounces"));
		html_share_cell(html, number_of(point, "bounces"), sessions);
		text_put(html, "</tr>\n");
	}
}

/*
 * report_trend adds the section.
 */
void
report_trend(Text *html, const Report *report)
{
	Trend trend = trend_of(report);
	char title[64];
	Text summary = {NULL, 0, 0, false};
	const char *first = strcmp(trend.unit, "day") == 0 ? "Day" : "From";
	const char *columns[] = {first, "#Sessions", "#Visitors", "#Bounces", "#Bounce rate", NULL};

	snprintf(title, sizeof(title), "Sessions per %.20s", trend.unit);
	put_summary(&summary, &trend);
	html_section(html, "trend", title);
	html_chart(html, "trend", title, summary.data == NULL ? "" : summary.data, HEIGHT);
	put_axis(html, &trend);
	for (size_t i = 0; i < trend.count; i++)
		put_column(html, &trend, i);
	html_chart_end(html);
	html_table(html, title, true, columns);
	put_rows(html, &trend);
	html_table_end(html, true);
	html_section_end(html);
	text_free(&summary);
}
