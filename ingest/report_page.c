/*
 * report_page.c
 *		A report as one page of HTML.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "report_html.h"
#include "report_page.h"
#include "report_sections.h"

/* The sections, in order. */
static void (*const sections[])(Text *html, const Report *report) = {
	report_totals, report_trend,     report_pages, report_funnel,
	report_paths,  report_retention, report_health};

/*
 * put_period adds the days of the report.
 */
static void
put_period(Text *html, const json_t *document)
{
	html_day(html, text_of(document, "since"), DAY_LONG);
	text_put(html, " to ");
	html_day(html, text_of(document, "until"), DAY_LONG);
}

/*
 * put_head begins the page.
 */
static void
put_head(Text *html, const json_t *document)
{
	text_put(html, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
				   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
				   "<meta name=\"color-scheme\" content=\"light dark\">\n"
				   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
				   "style-src 'unsafe-inline'; img-src data:\">\n"
				   "<link rel=\"icon\" href=\"data:,\">\n<title>");
	html_text(html, text_of(document, "pipeline"), HTML_TABLE_TEXT);
	text_put(html, ", ");
	put_period(html, document);
	text_printf(html, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", report_style);
}

/*
 * put_header adds the title, the days and what to look at first.
 */
static void
put_header(Text *html, const json_t *document)
{
	size_t problems = report_problems(document);

	text_put(html, "<header>\n<h1>");
	html_value(html, text_of(document, "pipeline"), HTML_TABLE_TEXT);
	text_put(html, "</h1>\n<p class=\"period\">");
	put_period(html, document);
	text_put(html, "</p>\n");
	if (problems > 0)
	{
		text_put(html,
				 "<p class=\"alert\"><a href=\"#health\"><span aria-hidden=\"true\">!</span> ");
		html_count(html, (double) problems, "finding");
		text_put(html, " about the data</a></p>\n");
	}
	text_put(html, "</header>\n");
}

/*
 * put_footer adds how the report was made.
 */
static void
put_footer(Text *html, const json_t *document)
{
	const char *source = text_of(document, "source");

	text_put(html, "<footer>\n<p>Made by pg_sessionize at ");
	html_time(html, text_of(document, "made_at"));
	if (*source != '\0')
	{
		text_put(html, " from ");
		html_value(html, source, HTML_TABLE_TEXT);
		text_put(html, ". A session ends after ");
		html_duration(html, number_of(document, "gap_seconds"));
		text_put(html, " without an event. Days are those of the time zone ");
		html_value(html, text_of(document, "time_zone"), HTML_TABLE_TEXT);
	}
	text_put(html, ".</p>\n</footer>\n</body>\n</html>\n");
}

/*
 * report_page adds the page.
 */
void
report_page(Text *html, const Report *report)
{
	put_head(html, report->document);
	put_header(html, report->document);
	text_put(html, "<main>\n");
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		sections[i](html, report);
	text_put(html, "</main>\n");
	put_footer(html, report->document);
}
