/*
 * parse_time.h
 *		Times as trackers write them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PARSE_TIME_H
#define SESSIONIZE_PARSE_TIME_H

#include "datatype/timestamp.h"

#include "utils/text_view.h"

/* Whether a text is a time; which one, if so. */
extern bool parse_time(TextView text, TimestampTz *time);

#endif /* SESSIONIZE_PARSE_TIME_H */
