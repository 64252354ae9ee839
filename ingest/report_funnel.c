/*
 * report_funnel.c
 *		How many sessions got as far as each step, as bars.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "report_html.h"
#include "report_sections.h"

#define STEP  64.0
#define RIGHT 960.0
#define SPACE 190.0 /* for the numbers at the end of a bar */

/*
 * sessions_at returns how many sessions got as far as a step.
 */
static double
sessions_at(const json_t *steps, size_t i)
{
	return number_of(json_array_get(steps, i), "sessions");
}

/*
 * put_step_name adds a step's label, or its condition where it has none.
 */
static void
put_step_name(Text *html, const Report *report, const json_t *steps, size_t i, size_t max)
{
	const char *name = i < report->funnel_labels->count
						   ? report->funnel_labels->values[i]
						   : text_of(json_array_get(steps, i), "condition");

	html_text(html, name, max);
}

/*
 * put_summary adds the sentence about the funnel.
 */
static void
put_summary(Text *html, const Report *report, const json_t *steps, double within)
{
	size_t count = json_array_size(steps);
	size_t worst = 1;

	html_count(html, sessions_at(steps, 0), "session");
	text_put(html, " reached the first step");
	if (count > 1 && sessions_at(steps, 0) > 0)
	{
		text_put(html, ", and ");
		html_share(html, sessions_at(steps, count - 1), sessions_at(steps, 0));
		text_put(html, " of them the last one, within ");
		html_duration(html, within);
	}
	text_put(html, ".");
	for (size_t i = 2; i < count; i++)
		if (sessions_at(steps, i - 1) - sessions_at(steps, i) >
			sessions_at(steps, worst - 1) - sessions_at(steps, worst))
			worst = i;
	if (count < 2 || sessions_at(steps, worst - 1) == sessions_at(steps, worst))
		return;
	text_put(html, " Most were lost before “");
	put_step_name(html, report, steps, worst, HTML_TABLE_TEXT);
	text_put(html, "”: ");
	html_number(html, sessions_at(steps, worst - 1) - sessions_at(steps, worst));
	text_put(html, ".");
}

/*
 * put_bar adds a step: its name above the bar, its numbers behind it.
 */
static void
put_bar(Text *html, const Report *report, const json_t *steps, size_t i)
{
	double first = sessions_at(steps, 0);
	double number = sessions_at(steps, i);
	double y = STEP * (double) i;
	double width = first > 0 ? (RIGHT - SPACE) * number / first : 0;

	text_printf(html, "<text x=\"0\" y=\"%.0f\">%zu. ", y + 18, i + 1);
	put_step_name(html, report, steps, i, 90);
	text_printf(html,
				"</text><rect class=\"track\" x=\"0\" y=\"%.0f\" width=\"%.0f\" height=\"22\"/>"
				"<rect class=\"bar\" x=\"0\" y=\"%.0f\" width=\"%.2f\" height=\"22\"/>"
				"<text class=\"strong\" x=\"%.1f\" y=\"%.0f\">",
				y + 26, RIGHT - SPACE, y + 26, width, RIGHT - SPACE + 12, y + 42);
	html_number(html, number);
	text_put(html, "<tspan class=\"soft\" dx=\"8\">");
	html_share(html, number, first);
	text_put(html, "</tspan></text>\n");
}

/*
 * put_rows adds the table's rows.
 */
static void
put_rows(Text *html, const Report *report, const json_t *steps)
{
	for (size_t i = 0; i < json_array_size(steps); i++)
	{
		double number = sessions_at(steps, i);

		text_printf(html, "<tr><th scope=\"row\">%zu. <bdi>", i + 1);
		put_step_name(html, report, steps, i, HTML_TABLE_TEXT);
		text_put(html, "</bdi></th><td><code>");
		html_text(html, text_of(json_array_get(steps, i), "condition"), HTML_TABLE_TEXT);
		text_put(html, "</code></td>");
		html_number_cell(html, number);
		html_share_cell(html, number, sessions_at(steps, 0));
		html_share_cell(html, number, sessions_at(steps, i == 0 ? 0 : i - 1));
		text_put(html, "</tr>\n");
	}
}

/*
 * report_funnel adds the section, if steps were given.
 */
void
report_funnel(Text *html, const Report *report)
{
	static const char *const columns[] = {"Step",          "Condition",          "#Sessions",
										  "#Of the first", "#Of the one before", NULL};
	const json_t *funnel = json_object_get(report->document, "funnel");
	const json_t *steps = json_object_get(funnel, "steps");
	size_t count = json_array_size(steps);
	Text summary = {NULL, 0, 0, false};

	if (count == 0)
		return;
	put_summary(&summary, report, steps, number_of(funnel, "within_seconds"));
	html_section(html, "funnel", "Funnel");
	html_chart(html, "funnel", "Funnel", summary.data == NULL ? "" : summary.data,
			   STEP * (double) count);
	for (size_t i = 0; i < count; i++)
		put_bar(html, report, steps, i);
	html_chart_end(html);
	html_table(html, "Funnel", true, columns);
	put_rows(html, report, steps);
	html_table_end(html, true);
	html_section_end(html);
	text_free(&summary);
}
