/*
 * changed_mapping.c
 *		A pipeline's mapping with some expressions replaced.
 *
 * The expressions that stay are taken from the view "source", not parsed anew: a column may have
 * been renamed, and the search_path may be another one.  What changes is found out by a comparison
 * of trees, which come about in the same way: each by parsing the query of a view.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "rewrite/rewriteManip.h"

#include "commands/changed_mapping.h"
#include "commands/source_change.h"
#include "source/source_mapping.h"
#include "spi/scope.h"

/*
 * changed_mapping_compare compares another mapping with the present one.
 */
void
changed_mapping_compare(ChangedMapping *result, const Pipeline *pipeline, Relation raw,
						const Mapping *mapping)
{
	SourceChange change = {.pipeline = pipeline, .raw = raw, .mapping = mapping};
	SourceMapping *present = source_mapping(pipeline);
	int level = pinned_settings_enter();

	result->changed = mapping;
	result->targets = source_targets(source_change_query(&change));
	pinned_settings_leave(level);
	for (SourceColumn column = 0; column < SRC_NCOLUMNS; column++)
	{
		Node *before = copyObject(source_expression(present, column));

		ChangeVarNodes(before, (int) present->varno, 1, 0);
		result->is_changed[column] =
			!equal(before, list_nth_node(TargetEntry, result->targets, column)->expr);
		result->is_any_changed |= result->is_changed[column];
	}
}

/*
 * replace_columns replaces the columns that are asked for.  It tells whether there are any.
 */
static bool
replace_columns(Mapping *mapping, Relation raw, const MappingRequest *request)
{
	bool follows = mapping_has_default_page_view(mapping);
	bool any = false;

	for (SourceColumn column = 0; column < SRC_NCOLUMNS; column++)
		if (request->texts[column] != NULL)
		{
			mapping_set(mapping, raw, column, request->texts[column]);
			any = true;
		}
	if (request->default_page_view ||
		(follows && request->texts[SRC_PAGE_VIEW] == NULL &&
		 (request->texts[SRC_EVENT_NAME] != NULL || request->texts[SRC_PAGE] != NULL)))
		mapping_set_default_page_view(mapping);
	return any || request->default_page_view;
}

/*
 * changed_mapping changes a mapping.
 */
void
changed_mapping(ChangedMapping *result, const Pipeline *pipeline, const MappingRequest *request,
				const char *const given[SRC_NCOLUMNS])
{
	Relation raw = table_open(pipeline->source, AccessShareLock);
	Mapping *mapping = mapping_present(pipeline, raw, given);

	for (ZoneRule rule = 0; rule < ZONE_RULES; rule++)
		mapping_note_zone(raw, zone_column(rule), request->zones[rule]);
	result->present = memcpy(palloc(sizeof(Mapping)), mapping, sizeof(Mapping));
	if (replace_columns(mapping, raw, request))
		changed_mapping_compare(result, pipeline, raw, mapping);
	table_close(raw, NoLock);
}

/*
 * changed_mapping_is_captured tells whether any column changes that capture logs a row by.
 */
bool
changed_mapping_is_captured(const ChangedMapping *mapping)
{
	return mapping->is_changed[SRC_SESSION_KEY] || mapping->is_changed[SRC_OCCURRED_AT] ||
		   mapping->is_changed[SRC_SENT_AT] || mapping->is_changed[SRC_RECEIVED_AT];
}
