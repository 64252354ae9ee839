/*
 * alter_pipeline.h
 *		Changes the definition of a pipeline.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ALTER_PIPELINE_H
#define SESSIONIZE_ALTER_PIPELINE_H

#include "utils/jsonb.h"

#include "catalog/pipeline.h"

/*
 * Give a pipeline, which the caller has locked and owns, the definition that a document describes,
 * and say by a NOTICE what that changes.  Returns whether the star is another one then.
 */
extern bool alter_by_document(Pipeline *pipeline, Jsonb *document);

#endif /* SESSIONIZE_ALTER_PIPELINE_H */
