/*
 * report_sections.h
 *		The sections of a report, each in a file of its own.
 *
 * Each adds itself to the page: a heading, a sentence that says what the numbers say, a chart, and
 * the numbers as a table.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_REPORT_SECTIONS_H
#define INGEST_REPORT_SECTIONS_H

#include "report_document.h"
#include "text.h"

extern void report_totals(Text *html, const Report *report);
extern void report_trend(Text *html, const Report *report);
extern void report_pages(Text *html, const Report *report);
extern void report_funnel(Text *html, const Report *report);
extern void report_retention(Text *html, const Report *report);
extern void report_paths(Text *html, const Report *report);
extern void report_health(Text *html, const Report *report);

/* How many of the findings about the data's health are no good. */
extern size_t report_problems(const json_t *document);

#endif /* INGEST_REPORT_SECTIONS_H */
