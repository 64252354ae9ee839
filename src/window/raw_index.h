/*
 * raw_index.h
 *		Indexes of the raw table that begin with the session key and the time of its rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RAW_INDEX_H
#define SESSIONIZE_RAW_INDEX_H

#include "utils/relcache.h"

#include "catalog/pipeline.h"
#include "source/source_mapping.h"

/*
 * Whether there is a valid btree index over all rows whose first columns are the session key and
 * the time that a row gives.  If so, the time's expression has been evaluated on every visible row,
 * and has not failed.
 */
extern bool raw_index_has_time(const Pipeline *pipeline, const SourceMapping *mapping);

/*
 * Such an index that also has another column of the view "source", as its column *number (from 1),
 * and whose session key and time have the types and operators of the view.  Returns InvalidOid if
 * there is none.  The index stays locked until the transaction's end.
 */
extern Oid raw_index_with(const Pipeline *pipeline, const SourceMapping *mapping,
						  SourceColumn column, AttrNumber *number);

/*
 * Whether all rows that the active snapshot sees have an entry in an index, or in a partition's
 * part of it.
 */
extern bool raw_index_is_complete(Relation index);

#endif /* SESSIONIZE_RAW_INDEX_H */
