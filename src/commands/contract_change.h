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

#include "nodes/pg_list.h"

#include "catalog/contract_catalog.h"
#include "catalog/pipeline.h"

/*
 * The number of the document that an expression gives; the column is added to the view "source" if
 * it is not there.  Then *pipeline is loaded again.
 */
extern int16 contract_document_ensure(Pipeline **pipeline, const char *about);

/*
 * Drops a document's column when no contract uses it any more.  Then *pipeline is loaded again.
 */
extern void contract_document_release(Pipeline **pipeline, int16 number);

/*
 * Whether events say by which version of a contract they are to be checked.  Then versions that are
 * not active count as well.
 */
extern bool contract_versions_are_named(const Pipeline *pipeline);

/* A change of a pipeline's contracts, from its beginning. */
typedef struct ContractChange
{
	Pipeline *pipeline;        /* as it was before */
	ContractPresence presence; /* of contracts, before */
	bool all_events;           /* all are judged anew */
	List *judged;              /* names of events whose active version has come, changed or gone */
	List *registered;          /* and of those of which another version has */
	bool is_rejection;         /* a mode has changed that only inserts depend on */
} ContractChange;

extern ContractChange contract_change_begin(Pipeline *pipeline);

/*
 * Note that a version of a contract for the events of a name, NULL for all, has come, changed or
 * gone.  is_active: it is the active one.
 */
extern void contract_change_note(ContractChange *change, const char *event_name, bool is_active);

/*
 * End a change: the keys with events that may be judged otherwise than before are derived anew, and
 * inserts fail as the contracts say now.  What is sealed is not judged again.  is_tried: the change
 * is going to be undone, so that no raw row is read and nobody is waited for.
 */
extern void contract_change_end(const ContractChange *change, bool is_tried);

#endif /* SESSIONIZE_CONTRACT_CHANGE_H */
