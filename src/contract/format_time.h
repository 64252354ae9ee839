/*
 * format_time.h
 *		The formats of dates and times, by RFC 3339.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_FORMAT_TIME_H
#define SESSIONIZE_FORMAT_TIME_H

#include "postgres.h"

#include "utils/text_view.h"

extern bool format_date(TextView text);
extern bool format_time(TextView text);
extern bool format_date_time(TextView text);
extern bool format_duration(TextView text);

#endif /* SESSIONIZE_FORMAT_TIME_H */
