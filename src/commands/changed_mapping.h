/*
 * changed_mapping.h
 *		A pipeline's mapping with some expressions replaced.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CHANGED_MAPPING_H
#define SESSIONIZE_CHANGED_MAPPING_H

#include "utils/rel.h"

#include "catalog/pipeline.h"
#include "commands/mapping.h"

typedef struct ChangedMapping
{
	const Mapping *present;
	const Mapping *changed; /* NULL: nobody has asked for a change */
	bool is_changed[SRC_NCOLUMNS];
	bool is_any_changed;
	List *targets; /* of the view "source" with the change (TriedSource) */
} ChangedMapping;

/* What is asked of a mapping. */
typedef struct MappingRequest
{
	const char *texts[SRC_NCOLUMNS]; /* NULL: the column stays; empty: it is mapped to nothing */
	bool default_page_view;          /* page views are told by default again */
	const char *zones[ZONE_RULES];   /* names of zones that a rule gets, of which users are told */
} MappingRequest;

/*
 * Change a mapping.  given has the texts that the catalog has.  If page views are told by default,
 * they follow the event name and the page.
 */
extern void changed_mapping(ChangedMapping *result, const Pipeline *pipeline,
							const MappingRequest *request, const char *const given[SRC_NCOLUMNS]);

/* Set the columns that another mapping changes, and the view's targets. */
extern void changed_mapping_compare(ChangedMapping *result, const Pipeline *pipeline, Relation raw,
									const Mapping *mapping);

/* Whether any column changes that capture logs a row by: the key and the times. */
extern bool changed_mapping_is_captured(const ChangedMapping *mapping);

#endif /* SESSIONIZE_CHANGED_MAPPING_H */
