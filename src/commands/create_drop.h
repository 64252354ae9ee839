/*
 * create_drop.h
 *		The arguments of create_pipeline.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CREATE_DROP_H
#define SESSIONIZE_CREATE_DROP_H

#include "fmgr.h"

#include "catalog/pipeline_row.h"

/*
 * Copy the rules among create_pipeline's arguments to a catalog row, unchecked; and the texts of
 * the mapping, NULL where the default is wanted.
 */
extern void create_read_rules(FunctionCallInfo fcinfo, PipelineRow *row);
extern void create_read_texts(FunctionCallInfo fcinfo, const char *texts[SRC_NCOLUMNS]);

#endif /* SESSIONIZE_CREATE_DROP_H */
