/*
 * format_uri.h
 *		The formats of URIs, of references to them and of templates for them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_FORMAT_URI_H
#define SESSIONIZE_FORMAT_URI_H

#include "postgres.h"

#include "utils/text_view.h"

extern bool format_uri(TextView text);
extern bool format_uri_reference(TextView text);
extern bool format_iri(TextView text);
extern bool format_iri_reference(TextView text);
extern bool format_uri_template(TextView text);

#endif /* SESSIONIZE_FORMAT_URI_H */
