/*
 * load_part.h
 *		The loader inside of collect: what was accepted is in the database moments later.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_LOAD_PART_H
#define INGEST_LOAD_PART_H

#include "collect_parts.h"

/* Loads the collector's own spool, if the settings name a database. */
extern const CollectPart load_part;

#endif /* INGEST_LOAD_PART_H */
