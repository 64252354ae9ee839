/*
 * report_page.h
 *		A report as one page of HTML, which loads nothing and runs no script.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_REPORT_PAGE_H
#define INGEST_REPORT_PAGE_H

#include "report_document.h"
#include "text.h"

extern void report_page(Text *html, const Report *report);

/* The page's style sheet. */
extern const char *const report_style;

#endif /* INGEST_REPORT_PAGE_H */
