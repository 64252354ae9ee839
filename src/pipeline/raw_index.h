/*
 * raw_index.h
 *		Which of a pipeline's columns the indexes of its raw table have.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RAW_INDEX_H
#define SESSIONIZE_RAW_INDEX_H

#include "pipeline/source_reader.h"

/*
 * Whether a btree index that is valid and has all rows begins with the key and, next, another column of the view.  Then that
 * column's expression has been evaluated on every row that anybody sees, and has not failed.
 */
extern bool raw_index_has_next(const Pipeline *pipeline, const SourceMapping *mapping, SourceColumn column);

/*
 * Whether such an index begins with the key, or the column, and has the column: rows with a value of it are told from others
 * without looking at them.
 */
extern bool raw_index_has(const Pipeline *pipeline, const SourceMapping *mapping, SourceColumn column);

#endif /* SESSIONIZE_RAW_INDEX_H */
