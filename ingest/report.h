/*
 * report.h
 *		The command "report": what sessionize.report() says of a pipeline, as a page of HTML.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_REPORT_H
#define INGEST_REPORT_H

#include "options.h"

extern int report_run(const Options *options);

#endif /* INGEST_REPORT_H */
