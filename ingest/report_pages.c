/*
 * report_pages.c
 *		The pages that were looked at most, as a table with bars.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "report_html.h"
#include "report_sections.h"

/*
 * put_page adds a row; the bar's length is its share of the largest number.
 */
static void
put_page(Text *html, const json_t *page, const char *measure, double most)
{
	double number = number_of(page, measure);

	text_put(html, "<tr><th scope=\"row\">");
	html_value(html, text_of(page, "page"), HTML_TABLE_TEXT);
	text_printf(html, "</th><td class=\"n\"><span class=\"meter\" style=\"--part:%.4f\"></span>",
				most > 0 ? number / most : 0);
	html_number(html, number);
	text_put(html, "</td>");
	if (json_is_number(json_object_get(page, "views")))
	{
		html_number_cell(html, number_of(page, "sessions"));
		html_number_cell(html, number_of(page, "entries"));
	}
	html_share_cell(html, number_of(page, "bounces"), number_of(page, "entries"));
	html_number_cell(html, number_of(page, "exits"));
	text_put(html, "</tr>\n");
}

/*
 * report_pages adds the section.
 */
void
report_pages(Text *html, const Report *report)
{
	static const char *const all[] = {"Page",         "#Views", "#Sessions", "#Entries",
									  "#Bounce rate", "#Exits", NULL};
	static const char *const without_events[] = {"Page", "#Entries", "#Bounce rate", "#Exits",
												 NULL};
	const json_t *pages = json_object_get(report->document, "pages");
	const json_t *first = json_array_get(pages, 0);
	bool has_views = json_is_number(json_object_get(first, "views"));
	const char *measure = has_views ? "views" : "entries";

	html_section(html, "pages", "Top pages");
	if (first == NULL)
	{
		text_put(html, "<p>No page was looked at.</p>\n");
		html_section_end(html);
		return;
	}
	text_put(html, "<p>The page with the most ");
	text_put(html, measure);
	text_put(html, " is ");
	html_value(html, text_of(first, "page"), HTML_TABLE_TEXT);
	text_put(html, ", with ");
	html_number(html, number_of(first, measure));
	text_put(html, ". The bounce rate is that of the sessions that began at the page.</p>\n");
	html_table(html, "Top pages", false, has_views ? all : without_events);
	for (size_t i = 0; i < json_array_size(pages); i++)
		put_page(html, json_array_get(pages, i), measure, number_of(first, measure));
	html_table_end(html, false);
	html_section_end(html);
}
