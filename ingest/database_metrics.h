/*
 * database_metrics.h
 *		The part of collect that reads the metrics of the database, to show them on its page.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_DATABASE_METRICS_H
#define INGEST_DATABASE_METRICS_H

#include "collect_parts.h"

extern const CollectPart database_metrics_part;

#endif /* INGEST_DATABASE_METRICS_H */
