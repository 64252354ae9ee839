/*
 * report_health.c
 *		The health of the data: findings, what became of every raw row, and tables of details.
 *
 * Findings and tables are shown as the database gives them, so that it may give more of them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <string.h>

#include "report_html.h"
#include "report_sections.h"

/*
 * list_of returns a list of the document's health.
 */
static const json_t *
list_of(const json_t *document, const char *name)
{
	return json_object_get(json_object_get(document, "health"), name);
}

/*
 * is_good returns whether a finding is a good one.
 */
static bool
is_good(const json_t *finding)
{
	return strcmp(text_of(finding, "status"), "ok") == 0;
}

/*
 * report_problems counts the others.
 */
size_t
report_problems(const json_t *document)
{
	const json_t *findings = list_of(document, "findings");
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(findings); i++)
		count += !is_good(json_array_get(findings, i));
	return count;
}

/*
 * put_finding adds a row of the findings; a sign and a word say how bad it is.
 */
static void
put_finding(Text *html, const json_t *finding)
{
	const char *status = text_of(finding, "status");
	const char *statement = text_of(finding, "statement");
	bool error = strcmp(status, "error") == 0;

	text_printf(html, "<tr><td class=\"%s\"><span aria-hidden=\"true\">%s</span> ",
				is_good(finding) ? "ok"
				: error          ? "error"
								 : "warning",
				is_good(finding) ? "✓"
				: error          ? "✕"
								 : "!");
	html_text(html, status, 20);
	text_put(html, "</td><th scope=\"row\">");
	html_text(html, text_of(finding, "topic"), HTML_TABLE_TEXT);
	text_put(html, "</th><td>");
	html_text(html, text_of(finding, "found"), 400);
	if (*statement != '\0')
	{
		text_put(html, " <code>");
		html_text(html, statement, 400);
		text_put(html, "</code>");
	}
	text_put(html, "</td></tr>\n");
}

/*
 * put_findings adds the table of the findings.
 */
static void
put_findings(Text *html, const json_t *findings)
{
	static const char *const columns[] = {"Status", "Topic", "Found", NULL};

	if (json_array_size(findings) == 0)
		return;
	html_table(html, "Findings", false, columns);
	for (size_t i = 0; i < json_array_size(findings); i++)
		put_finding(html, json_array_get(findings, i));
	html_table_end(html, false);
}

/*
 * put_account adds what became of the raw rows.
 */
static void
put_account(Text *html, const json_t *account)
{
	static const char *const columns[] = {"Raw rows", "#Number", "#Share", NULL};
	static const char *const rows[][2] = {{"events", "Events"},
										  {"duplicates", "Duplicates"},
										  {"quarantined", "Quarantined"},
										  {"filtered", "Filtered"},
										  {"late", "Late"},
										  {"pending", "Pending"},
										  {"difference", "Unaccounted for"}};
	double all = number_of(account, "raw_rows") + number_of(account, "sealed_only");

	if (!json_is_object(account))
		return;
	html_table(html, "What became of every raw row", false, columns);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		text_printf(html, "<tr><th scope=\"row\">%s</th>", rows[i][1]);
		html_number_cell(html, number_of(account, rows[i][0]));
		html_share_cell(html, number_of(account, rows[i][0]), all);
		text_put(html, "</tr>\n");
	}
	text_put(html, "<tr class=\"sum\"><th scope=\"row\">All, with sealed rows</th>");
	html_number_cell(html, all);
	html_share_cell(html, all, all);
	text_put(html, "</tr>\n");
	html_table_end(html, false);
}

/*
 * is_time returns whether a text looks like a time.
 */
static bool
is_time(const char *text)
{
	return strlen(text) >= 19 && text[4] == '-' && text[7] == '-' && text[10] == 'T' &&
		   text[13] == ':' && text[16] == ':';
}

/*
 * put_cell adds a cell of any kind.
 */
static void
put_cell(Text *html, const json_t *value)
{
	if (json_is_integer(value))
		html_number_cell(html, json_number_value(value));
	else if (json_is_real(value))
		text_printf(html, "<td class=\"n\">%.15g</td>", json_real_value(value));
	else
	{
		text_put(html, "<td>");
		if (json_is_boolean(value))
			text_put(html, json_is_true(value) ? "yes" : "no");
		else if (json_is_string(value) && is_time(json_string_value(value)))
			html_time(html, json_string_value(value));
		else if (json_is_string(value))
			html_value(html, json_string_value(value), 400);
		else
			text_put(html, "–");
		text_put(html, "</td>");
	}
}

/*
 * is_number_column returns whether the first value of a column is a number.
 */
static bool
is_number_column(const json_t *rows, size_t column)
{
	for (size_t i = 0; i < json_array_size(rows); i++)
	{
		const json_t *value = json_array_get(json_array_get(rows, i), column);

		if (!json_is_null(value))
			return json_is_number(value);
	}
	return false;
}

/*
 * put_table_head begins a table with the names that the database gives it.
 */
static void
put_table_head(Text *html, const json_t *table)
{
	const json_t *columns = json_object_get(table, "columns");

	text_put(html, "<h3>");
	html_text(html, text_of(table, "name"), HTML_TABLE_TEXT);
	text_put(html, "</h3>\n<div class=\"wide\" role=\"group\" aria-label=\"");
	html_text(html, text_of(table, "name"), HTML_TABLE_TEXT);
	text_put(html, ", table\" tabindex=\"0\">\n<table><thead><tr>");
	for (size_t i = 0; i < json_array_size(columns); i++)
	{
		text_printf(html, "<th scope=\"col\"%s>",
					is_number_column(json_object_get(table, "rows"), i) ? " class=\"n\"" : "");
		html_text(html, json_string_value(json_array_get(columns, i)), HTML_TABLE_TEXT);
		text_put(html, "</th>");
	}
	text_put(html, "</tr></thead>\n<tbody>\n");
}

/*
 * put_table adds a table of details.
 */
static void
put_table(Text *html, const json_t *table)
{
	const json_t *rows = json_object_get(table, "rows");

	if (json_array_size(rows) == 0)
		return;
	put_table_head(html, table);
	for (size_t i = 0; i < json_array_size(rows); i++)
	{
		const json_t *row = json_array_get(rows, i);

		text_put(html, "<tr>");
		for (size_t j = 0; j < json_array_size(row); j++)
			put_cell(html, json_array_get(row, j));
		text_put(html, "</tr>\n");
	}
	html_table_end(html, false);
}

/*
 * report_health adds the section.
 */
void
report_health(Text *html, const Report *report)
{
	const json_t *findings = list_of(report->document, "findings");
	const json_t *tables = list_of(report->document, "tables");
	size_t problems = report_problems(report->document);

	html_section(html, "health", "Data health");
	if (json_array_size(findings) == 0)
		text_put(html, "<p>The role that made this report may not see the pipeline's state.</p>\n");
	else if (problems == 0)
		text_put(html, "<p>Nothing is wrong.</p>\n");
	else
		text_printf(html, "<p>%zu of %zu findings need somebody's attention.</p>\n", problems,
					json_array_size(findings));
	put_findings(html, findings);
	put_account(html, list_of(report->document, "account"));
	for (size_t i = 0; i < json_array_size(tables); i++)
		put_table(html, json_array_get(tables, i));
	html_section_end(html);
}
