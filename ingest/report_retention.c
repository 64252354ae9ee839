/*
 * report_retention.c
 *		Who came back, as a triangle: a row for each cohort, a column for each period after its own.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "report_html.h"
#include "report_sections.h"

#define SHADES 5

/*
 * visitors_at returns how many visitors of a cohort came in a period after its own.
 */
static double
visitors_at(const json_t *cohort, size_t period)
{
	return json_number_value(json_array_get(json_object_get(cohort, "visitors"), period));
}

/*
 * count_periods returns for how many periods, their own included, there are numbers of a cohort.
 */
static size_t
count_periods(const json_t *cohort)
{
	return json_array_size(json_object_get(cohort, "visitors"));
}

/*
 * put_summary adds the share of visitors who came in the period after their first.  The newest one
 * is left out: it may be under way.
 */
static void
put_summary(Text *html, const json_t *cohorts, const char *unit)
{
	double size = 0;
	double returned = 0;

	for (size_t i = 0; i < json_array_size(cohorts); i++)
	{
		const json_t *cohort = json_array_get(cohorts, i);

		if (count_periods(cohort) < 3)
			continue;
		size += visitors_at(cohort, 0);
		returned += visitors_at(cohort, 1);
	}
	if (size == 0)
	{
		text_printf(html, "<p>It is too early to tell who came back in the %s after the first.",
					unit);
		return;
	}
	text_put(html, "<p>Of ");
	html_count(html, size, "new visitor");
	text_put(html, ", ");
	html_number(html, returned);
	text_put(html, " (");
	html_share(html, returned, size);
	text_printf(html, ") came again in the %s after the first.", unit);
}

/*
 * put_cell adds a cell, the darker the larger its share.
 */
static void
put_cell(Text *html, const json_t *cohort, size_t period)
{
	double size = visitors_at(cohort, 0);
	double share = size > 0 ? visitors_at(cohort, period) / size : 0;
	int shade = (int) (share * SHADES * 1.5);

	text_printf(html, "<td class=\"n s%d\">", shade < SHADES ? shade : SHADES - 1);
	html_share(html, visitors_at(cohort, period), size);
	text_put(html, "</td>");
}

/*
 * put_rows adds the cohorts, with shares or with numbers.
 */
static void
put_rows(Text *html, const json_t *cohorts, bool shares)
{
	for (size_t i = 0; i < json_array_size(cohorts); i++)
	{
		const json_t *cohort = json_array_get(cohorts, i);

		text_put(html, "<tr><th scope=\"row\">");
		html_day(html, text_of(cohort, "from"), DAY_LONG);
		text_put(html, "</th>");
		html_number_cell(html, visitors_at(cohort, 0));
		for (size_t period = 1; period < count_periods(cohort); period++)
		{
			if (shares)
				put_cell(html, cohort, period);
			else
				html_number_cell(html, visitors_at(cohort, period));
		}
		for (size_t period = count_periods(cohort);
			 period < count_periods(json_array_get(cohorts, 0)); period++)
			text_put(html, "<td></td>");
		text_put(html, "</tr>\n");
	}
}

/*
 * put_table adds the triangle.
 */
static void
put_table(Text *html, const json_t *cohorts, const char *unit, bool shares)
{
	static const char *const first[] = {"First session", "#New visitors", NULL};
	char headings[16][24];
	const char *columns[20] = {first[0], first[1]};
	size_t count = 2;

	for (size_t period = 1; period < count_periods(json_array_get(cohorts, 0)) && period <= 16;
		 period++)
	{
		snprintf(headings[period - 1], sizeof(headings[0]), "#%.8s %zu", unit, period);
		columns[count++] = headings[period - 1];
	}
	html_table(html, shares ? "Visitors who came back, in percent" : "Visitors who came back",
			   !shares, columns);
	put_rows(html, cohorts, shares);
	html_table_end(html, !shares);
}

/*
 * report_retention adds the section.
 */
void
report_retention(Text *html, const Report *report)
{
	const json_t *retention = json_object_get(report->document, "retention");
	const json_t *cohorts = json_object_get(retention, "cohorts");
	const char *unit = text_of(retention, "unit");

	html_section(html, "retention", "Retention");
	if (json_array_size(cohorts) == 0)
	{
		text_put(html, "<p>There were no new visitors.</p>\n");
		html_section_end(html);
		return;
	}
	put_summary(html, cohorts, unit);
	text_printf(
		html,
		" A row has the visitors whose first session ever was in that %s; the last number of "
		"each row is of a %s that may be under way.</p>\n",
		unit, unit);
	put_table(html, cohorts, unit, true);
	put_table(html, cohorts, unit, false);
	html_section_end(html);
}
