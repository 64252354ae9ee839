/*
 * report_document.h
 *		The document that sessionize.report() returns, and what a report shows of it.
 *
 * Whatever is missing in it is taken for zero, an empty text or an empty list: a report shows what
 * there is.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_REPORT_DOCUMENT_H
#define INGEST_REPORT_DOCUMENT_H

#include <jansson.h>

#include "options.h"

typedef struct Report
{
	const json_t *document;
	const OptionList *funnel_labels; /* of the funnel's steps, or none */
} Report;

/* A member that is a number; 0 if it is none. */
static inline double
number_of(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

/* A member that is a text; "" if it is none. */
static inline const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? "" : text;
}

#endif /* INGEST_REPORT_DOCUMENT_H */
