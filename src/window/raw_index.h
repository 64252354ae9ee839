/*
 * raw_index.h
 *		Indexes of the raw table that begin with the key and the time of its rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RAW_INDEX_H
#define SESSIONIZE_RAW_INDEX_H

#include "utils/relcache.h"

#include "catalog/pipeline.h"
#include "source/source_mapping.h"

/*
 * Whether a btree index that is valid and has all rows begins with the key and, next, the time that a row gives.  Then the
 * time's expression has been evaluated on every row that anybody sees, and has not failed.
 */
extern bool raw_index_has_time(const Pipeline *pipeline, const SourceMapping *mapping);

/*
 * Such an index that has, as its column number *number, another column of the view, too; InvalidOid where there is none.  Its key and
 * time are of the types the view has.  It stays locked until the transaction's end.
 */
extern Oid raw_index_with(const Pipeline *pipeline, const SourceMapping *mapping, SourceColumn column,
						  AttrNumber *number);

/* Whether the active snapshot's rows all have their entry in an index, or in a partition's part of it. */
extern bool raw_index_is_complete(Relation index);

#endif /* SESSIONIZE_RAW_INDEX_H */
