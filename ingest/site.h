/*
 * site.h
 *		A small website for demonstrations: the files of a directory, and one query that its pages may
 *		ask.  Off unless the settings site and site-query say otherwise.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_SITE_H
#define INGEST_SITE_H

#include "request.h"

/* Answer with a file; a path that names none is one of the page's own, and gets index.html. */
extern enum MHD_Result site_file(Request *request);

/* Answer with the query's value for the field "key" of the query string. */
extern enum MHD_Result site_query(Request *request);

#endif /* INGEST_SITE_H */
