/*
 * changed_definition.h
 *		A pipeline with another definition.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CHANGED_DEFINITION_H
#define SESSIONIZE_CHANGED_DEFINITION_H

#include "commands/changed_rules.h"
#include "commands/document.h"

/*
 * The pipeline with the rules and the mapping that create_pipeline would give it by a document, in
 * CurrentMemoryContext.  Reports a definition that is not valid, and a difference that can't be
 * made.
 */
extern ChangedPipeline *changed_definition(const Pipeline *pipeline, const Document *document);

/*
 * Have the pipeline derived with the measures of the document as well, for a preview.  Sealed rows
 * have the values in them that they would have if the pipeline were altered.
 */
extern void changed_definition_try_measures(ChangedPipeline *changed, const Pipeline *present,
											const Document *document);

/*
 * Add, change and drop measures and dimensions so that the pipeline has those of a document.
 * Returns whether any differ.  The caller has locked the pipeline, which it owns.
 */
extern bool changed_definition_parts(Pipeline *pipeline, const Document *document);

/*
 * For a pipeline that is detached from its raw table: take over the texts of a document's measures
 * and dimensions, and drop those that it does not have, or has in another form. All else is left to
 * changed_definition_parts. Returns the pipeline as it is then.
 */
extern Pipeline *changed_definition_detached(Pipeline *pipeline, const Document *document);

#endif /* SESSIONIZE_CHANGED_DEFINITION_H */
