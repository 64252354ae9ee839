/*
 * format_options.h
 *		The settings of the messages' format, from those of the program.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_FORMAT_OPTIONS_H
#define INGEST_FORMAT_OPTIONS_H

#include "format.h"
#include "options.h"

/* The texts are the options', which have to stay. */
extern void format_settings(const Options *options, FormatSettings *settings);

#endif /* INGEST_FORMAT_OPTIONS_H */
