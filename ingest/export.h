/*
 * export.h
 *		The command "export": a pipeline's tables as Parquet files under the logs of Delta Lake.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_EXPORT_H
#define INGEST_EXPORT_H

#include "options.h"

extern int export_run(const Options *options);

#endif /* INGEST_EXPORT_H */
