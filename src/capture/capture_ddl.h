/*
 * capture_ddl.h
 *		What DDL on raw tables means for their pipelines.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CAPTURE_DDL_H
#define SESSIONIZE_CAPTURE_DDL_H

#include "postgres.h"

#include "fmgr.h"

/* Error unless an event trigger calls. */
extern void capture_ddl_check_call(FunctionCallInfo fcinfo);

/*
 * Attach a partition whose rows were moved there from another partition, so that their keys are logged
 * already: runs the statement.
 */
extern void capture_ddl_attach_moved(const char *sql);

#endif /* SESSIONIZE_CAPTURE_DDL_H */
