/*
 * alter.c
 *		sessionize.alter_pipeline(name, ...): other rules for a pipeline there is.
 *
 * Whatever is derived depends on every rule, so the star is not built any more, and the next refresh or rebuild
 * builds it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "pipeline/catalog.h"
#include "pipeline/run.h"
#include "pipeline/star_ddl.h"
#include "utils/array.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(sessionize_alter_pipeline);

/* The rules that may be unset, which means that there is no such rule. */
static const char *const optional_rules[] = {"max_duration", "max_events",     "midnight",
											 "dedup_window", "skew_threshold", "max_lead"};

/*
 * check_unset reports a name among those to unset that is no rule, or one that is always there.
 */
static void
check_unset(ArrayType *unset)
{
	Datum *names;
	bool *isnull;
	int count;

	deconstruct_array(unset, TEXTOID, -1, false, TYPALIGN_INT, &names, &isnull, &count);
	for (int i = 0; i < count; i++)
	{
		char *name = isnull[i] ? "NULL" : TextDatumGetCString(names[i]);
		bool known = false;

		for (size_t j = 0; j < lengthof(optional_rules); j++)
			known |= strcmp(name, optional_rules[j]) == 0;
		if (!known)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"%s\" can't be unset", name),
							errhint("unset takes max_duration, max_events, midnight, dedup_window, "
									"skew_threshold and max_lead, such as unset => '{max_duration}'.")));
	}
}

/*
 * sessionize_alter_pipeline changes a pipeline's rules; see its SQL declaration for the arguments.
 */
Datum
sessionize_alter_pipeline(PG_FUNCTION_ARGS)
{
	char *name;
	Pipeline *pipeline;
	OwnerScope scope;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(CATALOG_RULES + 1))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("name and unset must not be NULL"),
						errhint("SELECT * FROM sessionize.pipelines shows the pipelines there are.")));
	if (!PG_ARGISNULL(3) && PG_GETARG_INT64(3) < 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("max_events must be at least 1"),
						errhint("For sessions of any number of events: unset => '{max_events}'.")));
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	pipeline = pipeline_load(name);
	pipeline_check_owner(pipeline);
	pipeline_lock_transaction(pipeline);
	check_unset(PG_GETARG_ARRAYTYPE_P(CATALOG_RULES + 1));
	catalog_alter(pipeline->id, fcinfo->args + 1);
	/* the same checks that create_pipeline makes */
	pipeline = pipeline_load(name);
	run_unbuild(pipeline);
	owner_scope_enter(&scope, pipeline);
	star_replace_views(pipeline);
	owner_scope_leave(&scope);
	PG_RETURN_VOID();
}
