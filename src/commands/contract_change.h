/*
 * contract_change.h
 *		What follows for a pipeline from a change of its contracts.
 *
 * The caller holds the locks of a change of definition.  The functions work as the pipeline's owner
 * where they touch the pipeline's own objects.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CONTRACT_CHANGE_H
#define SESSIONIZE_CONTRACT_CHANGE_H

#include "catalog/pipeline.h"

/*
 * The number of the document that an expression gives; the column is added to the view "source" if
 * it is not there.  Then the pipeline has to be loaded again.
 */
extern int16 contract_document_ensure(const Pipeline *pipeline, const char *about);

/* Drops a document's column when no contract uses it any more. */
extern void contract_document_release(const Pipeline *pipeline, int16 number);

/*
 * Whether events say by which version of a contract they are to be checked.  Then versions that are
 * not active count as well.
 */
extern bool contract_versions_are_named(const Pipeline *pipeline);

/*
 * Has the keys with events of this name derived anew; NULL: all keys.  What is sealed is not judged
 * again.  The pipeline is as it is after the change.
 */
extern void contract_changed(const Pipeline *pipeline, const char *event_name);

/*
 * Has inserts fail as the contracts say now; to be called at the end of a change.  The pipeline is
 * as it was before the change.
 */
extern void contract_change_inserts(const Pipeline *pipeline);

#endif /* SESSIONIZE_CONTRACT_CHANGE_H */
