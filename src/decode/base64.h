/*
 * base64.h
 *		Base64 as trackers write it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_BASE64_H
#define SESSIONIZE_BASE64_H

#include "postgres.h"

#include "utils/text_view.h"

/*
 * The bytes that a text is, in either alphabet of base64, with or without padding and line breaks;
 * a space is a plus sign that a query has lost.  The data are NULL if the text is no base64.
 */
extern TextView base64_decode(TextView text);

/* A byte string in base64, with padding. */
extern TextView base64_encode(TextView bytes);

#endif /* SESSIONIZE_BASE64_H */
