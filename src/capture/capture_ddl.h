/*
 * capture_ddl.h
 *		The effects of DDL on raw tables.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CAPTURE_DDL_H
#define SESSIONIZE_CAPTURE_DDL_H

#include "postgres.h"

/*
 * Run an ATTACH PARTITION whose rows were moved from another partition, so that their keys are
 * logged already.
 */
extern void capture_ddl_attach_moved(const char *sql);

#endif /* SESSIONIZE_CAPTURE_DDL_H */
