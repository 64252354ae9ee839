/*
 * alter_pipeline.c
 *		sessionize.alter_pipeline(): changes a pipeline's rules and its mapping.
 *
 * By another definition, the same raw rows make another star.  The next refresh rebuilds all of it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/inval.h"

#include "capture/capture_trigger.h"
#include "catalog/lock.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_function.h"
#include "commands/alter_mapping.h"
#include "commands/alter_pipeline.h"
#include "commands/changed_definition.h"
#include "commands/changed_rules.h"
#include "commands/loaded_at.h"
#include "commands/outdate.h"
#include "derive/bounce.h"
#include "lake/changed_days.h"
#include "live/star_views.h"
#include "spi/privileges.h"
#include "spi/scope.h"
#include "spi/sql.h"
#include "spi/statement.h"
#include "star/star_ddl.h"
#include "utils/arguments.h"

/*
 * same_clock tells whether two pipelines derive the same event times from the same clocks.
 */
static bool
same_clock(const Pipeline *a, const Pipeline *b)
{
	return a->clock.skew_threshold == b->clock.skew_threshold &&
		   a->clock.max_lead == b->clock.max_lead && a->clock.oldest == b->clock.oldest &&
		   a->clock.rejects_old == b->clock.rejects_old;
}

/*
 * same_zones tells whether two pipelines have the same time zones; those of rows are a matter of
 * the mapping.
 */
static bool
same_zones(const Pipeline *a, const Pipeline *b)
{
	return memcmp(a->zones, b->zones, sizeof(a->zones)) == 0 &&
		   memcmp(a->zone_by_row, b->zone_by_row, sizeof(a->zone_by_row)) == 0;
}

/*
 * same_bounce tells whether two pipelines have the same expression for bounces.
 */
static bool
same_bounce(const Pipeline *a, const Pipeline *b)
{
	if (a->bounce == NULL || b->bounce == NULL)
		return a->bounce == b->bounce;
	return strcmp(a->bounce, b->bounce) == 0;
}

/*
 * same_rules tells whether a pipeline derives the same star from the same columns as one before it.
 */
static bool
same_rules(const Pipeline *a, const Pipeline *b)
{
	return a->rules.gap == b->rules.gap && a->rules.max_duration == b->rules.max_duration &&
		   a->rules.max_events == b->rules.max_events && same_zones(a, b) &&
		   a->dedup_window == b->dedup_window && same_clock(a, b) && same_bounce(a, b);
}

/*
 * wait_for_collectors waits for transactions that write raw rows, since their rows in the dirty log
 * have keys and event times by the old definition.  It locks other writers out until the
 * transaction ends.
 */
static void
wait_for_collectors(const Pipeline *pipeline)
{
	LockRelationOid(pipeline->source, ShareRowExclusiveLock);
	(void) find_all_inheritors(pipeline->source, ShareRowExclusiveLock, NULL);
	CacheInvalidateRelcacheByRelid(pipeline->source);
}

/*
 * adapt_triggers has the triggers look at other columns of inserted rows.
 */
static void
adapt_triggers(const Pipeline *pipeline, Relation raw)
{
	if (!pipeline->capture)
		return;
	check_may_add_triggers(pipeline->source);
	capture_trigger_adapt(pipeline->id, raw);
}

/*
 * change_mapping changes the mapping, and what depends on it.
 */
static void
change_mapping(const Pipeline *before, const ChangedPipeline *changed)
{
	Relation raw = table_open(before->source, AccessShareLock);
	Pipeline after = *changed->pipeline;
	OwnerScope scope;

	alter_mapping_check(before, raw, &changed->mapping);
	owner_scope_enter(&scope, before);
	alter_mapping_apply(before, changed->pipeline, raw, &changed->mapping);
	owner_scope_leave(&scope);
	after.source_view = star_relation_oid(&after, STAR_SOURCE);
	catalog_sync_objects(&after);
	CommandCounterIncrement();
	if (changed_mapping_is_captured(&changed->mapping))
		adapt_triggers(&after, raw);
	table_close(raw, NoLock);
}

/*
 * note_given stores the texts of the mapping, which may be others even if nothing else changes.
 */
static void
note_given(const Pipeline *pipeline, const ChangedPipeline *changed)
{
	OwnerScope scope;

	if (changed->mapping.changed == NULL)
		return;
	catalog_write_given(pipeline->id, changed->row.given);
	owner_scope_enter(&scope, pipeline);
	star_comment_source(pipeline, changed->row.given);
	owner_scope_leave(&scope);
}

/*
 * change makes the change, and adapts what depends on it.
 */
static void
change(const Pipeline *before, const ChangedPipeline *changed)
{
	Pipeline *after;
	OwnerScope scope;

	if (!same_clock(before, changed->pipeline) || changed_mapping_is_captured(&changed->mapping))
		wait_for_collectors(before);
	catalog_write_rules(before->id, &changed->row);
	if (changed->mapping.is_any_changed)
		change_mapping(before, changed);
	CommandCounterIncrement();
	after = pipeline_load(before->name);
	owner_scope_enter(&scope, after);
	star_create_views(after);
	/* the views compute expires_at of it */
	if (after->rules.gap != before->rules.gap)
		changed_days_of_all(after);
	owner_scope_leave(&scope);
	pipeline_outdate(after);
}

/*
 * change_if_needed makes a change, and returns whether the star is another one then.
 */
static bool
change_if_needed(const Pipeline *before, const ChangedPipeline *changed)
{
	bool changes = !same_rules(before, changed->pipeline) || changed->mapping.is_any_changed;

	if (changes)
		change(before, changed);
	note_given(before, changed);
	loaded_at_change(before->name, changed->row.loaded_at);
	return changes;
}

/* The elements of the lists of a document, such as "measure revenue". */
#define LISTED_PARTS(document)                                                                     \
	"(SELECT rtrim(l.key, 's') || ' ' || (m.value ->> 'name') AS part, m.value "                   \
	"FROM jsonb_each(" document ") AS l CROSS JOIN LATERAL jsonb_array_elements("                  \
	"CASE jsonb_typeof(l.value) WHEN 'array' THEN l.value ELSE '[]' END) AS m)"

/*
 * differing_parts names the parts in which two definitions differ; NULL if there are none.
 */
static char *
differing_parts(Datum before, Datum after)
{
	int level = pinned_settings_enter();
	bool isnull;
	Datum parts = sql_value(
		"SELECT string_agg(d.part, ', ' ORDER BY d.part) FROM ("
		"SELECT coalesce(a.key, b.key) AS part FROM jsonb_each($1) AS a "
		"FULL JOIN jsonb_each($2) AS b ON b.key = a.key "
		"WHERE jsonb_typeof(coalesce(a.value, b.value)) <> 'array' "
		"AND a.value IS DISTINCT FROM b.value "
		"UNION ALL SELECT coalesce(a.part, b.part) FROM " LISTED_PARTS(
			"$1") " AS a "
				  "FULL JOIN " LISTED_PARTS("$2") " AS b ON b.part = a.part "
												  "WHERE a.value IS DISTINCT FROM b.value) AS d",
		SQL_READ_WRITE,
		SQL_VALUES(SQL_DATUM(JSONBOID, before, false), SQL_DATUM(JSONBOID, after, false)), &isnull);

	pinned_settings_leave(level);
	return isnull ? NULL : TextDatumGetCString(parts);
}

/*
 * definition_of returns the document of a pipeline.
 */
static Datum
definition_of(const Pipeline *pipeline)
{
	int level = pinned_settings_enter();
	bool isnull;
	Datum document;

	CommandCounterIncrement();
	document = sql_value("SELECT sessionize.definition($1)", SQL_READ_WRITE,
						 SQL_VALUES(SQL_TEXT(pipeline->name)), &isnull);
	pinned_settings_leave(level);
	return document;
}

/*
 * change_identity has a pipeline link keys and users to persons as a document says. A document that
 * says nothing of persons leaves them, since the lists of excluded and of linked users would be
 * lost with them.
 */
static void
change_identity(const Pipeline *pipeline, const Document *document)
{
	FunctionCallInfo wanted;
	int32 max_users;
	int32 max_keys;

	if (!document->has_identity)
		return;
	wanted = document_call(&document_identity, document->identity);
	max_users = DatumGetInt32(wanted->args[1].value);
	max_keys = DatumGetInt32(wanted->args[2].value);
	if (!pipeline->has_identity || pipeline->max_users_per_key != max_users ||
		pipeline->max_keys_per_user != max_keys)
		(void) sql_executef("SELECT sessionize.enable_identity(%s, %d, %d)",
							quote_literal_cstr(pipeline->name), max_users, max_keys);
}

/*
 * alter_by_document gives a pipeline the definition that a document describes.
 */
bool
alter_by_document(Pipeline *pipeline, Jsonb *jsonb)
{
	Document *document = document_read(jsonb);
	Datum before = definition_of(pipeline);
	bool changes = change_if_needed(pipeline, changed_definition(pipeline, document));
	char *parts;

	CommandCounterIncrement();
	changes |= changed_definition_parts(pipeline_load(pipeline->name), document);
	CommandCounterIncrement();
	bounce_check(pipeline_load(pipeline->name));
	change_identity(pipeline, document);
	parts = differing_parts(before, definition_of(pipeline));
	if (parts == NULL)
		ereport(NOTICE, (errmsg("pipeline \"%s\" has this definition already", pipeline->name)));
	else
		ereport(NOTICE, (errmsg("pipeline \"%s\" has another definition now", pipeline->name),
						 errdetail("Changed: %s.", parts),
						 changes ? errhint("CALL sessionize.refresh(%s); builds the star anew.",
										   quote_literal_cstr(pipeline->name))
								 : 0));
	return changes;
}

/*
 * sessionize_alter_pipeline changes a pipeline's definition, and returns whether the star is
 * another one now.
 */
PIPELINE_FUNCTION(sessionize_alter_pipeline)
{
	Jsonb *document = changed_rules_document(fcinfo, PG_NARGS());
	/* the one argument that preview_pipeline does not have */
	int loaded_at = changed_rules_arguments();
	ChangedPipeline *changed;
	Pipeline *pipeline;

	PreventCommandIfReadOnly("sessionize.alter_pipeline()");
	pipeline = pipeline_load_owned(argument_pipeline(fcinfo), pipeline_lock_transaction);
	if (document != NULL)
		PG_RETURN_BOOL(alter_by_document(pipeline, document));
	changed = changed_rules(fcinfo, pipeline);
	if (!PG_ARGISNULL(loaded_at))
		changed->row.loaded_at = PG_GETARG_BOOL(loaded_at);
	PG_RETURN_BOOL(change_if_needed(pipeline, changed));
}
