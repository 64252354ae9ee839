/*
 * fuse_incident.c
 *		The incident of a pipeline that its fuse holds (run/fuse.h).
 *
 * It is opened and closed by triggers of the table of the holds, so that whatever holds and releases
 * a pipeline tells of it.  A dump that is restored brings its incidents with it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "catalog/extension_sql.h"
#include "catalog/pipeline.h"
#include "checks/incident.h"
#include "spi/statement.h"

/* What the incident has in place of the name of a check. */
#define FUSE_CHECK "sessionize.fuse"

PG_FUNCTION_INFO_V1(sessionize_fuse_changed);

/* A row of sessionize.fuse_hold; of what is NULL until the release, NULL. */
typedef struct Hold
{
	int64 id;
	int32 pipeline;
	char *rows;
	char *limit;
	char *since;
	char *found;
	char *release;
} Hold;

/*
 * take_hold takes the row that read_hold finds.
 */
static void
take_hold(void *arg, const SqlRow *row)
{
	*(Hold *) arg = (Hold){.pipeline = sql_row_int4(row, 1),
						   .rows = sql_row_text(row, 2),
						   .limit = sql_row_text(row, 3),
						   .since = sql_row_text(row, 4),
						   .found = sql_row_text(row, 5),
						   .release = sql_row_text(row, 6)};
}

/*
 * read_hold reads a row, with the texts that the incident needs.
 */
static Hold
read_hold(int64 id)
{
	Hold hold = {0};

	extension_visit("SELECT h.pipeline_id, h.changed_rows, h.limit_rows, h.since, "
					"jsonb_build_object('changed_rows', h.changed_rows, 'transactions', "
					"h.transactions, 'limit_rows', h.limit_rows), "
					"CASE WHEN h.released_at IS NOT NULL THEN jsonb_build_object('decision', "
					"h.decision, 'by', h.released_by) END "
					"FROM sessionize.fuse_hold AS h WHERE h.hold_id = $1",
					SQL_READ_WRITE, SQL_VALUES(SQL_INT8(id)), take_hold, &hold);
	hold.id = id;
	return hold;
}

/*
 * note_incident notes which incident a hold has.
 */
static void
note_incident(int64 hold, int64 incident)
{
	extension_run("UPDATE sessionize.fuse_hold SET incident_id = $2 WHERE hold_id = $1",
				  SQL_READ_WRITE, SQL_VALUES(SQL_INT8(hold), SQL_INT8(incident)));
}

/*
 * tell opens the incident of a hold, or closes it.
 */
static void
tell(const Hold *hold)
{
	const Pipeline pipeline = {.id = hold->pipeline};
	const DataCheck check = {.name = FUSE_CHECK, .severity = "error"};
	/* without a subject, the incident is joined by no check and joins none */
	const CheckOutcome outcome = {.status = CHECK_FAILED,
								  .value = hold->rows,
								  .upper = hold->limit,
								  .affected = hold->rows,
								  .since = hold->since,
								  .sample = hold->found,
								  .subject_list = "[]"};

	if (hold->release == NULL)
		note_incident(hold->id, incident_fail(&pipeline, &check, &outcome, GetCurrentTimestamp()));
	else
		incident_recover(&pipeline, FUSE_CHECK, hold->release, GetCurrentTimestamp());
}

/*
 * sessionize_fuse_changed is what the triggers of sessionize.fuse_hold call.
 */
Datum
sessionize_fuse_changed(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	bool isnull;
	Hold hold;
	HeapTuple row;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(data->tg_event))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("function sessionize.fuse_changed() is the trigger of "
							   "sessionize.fuse_hold"),
						errhint("SELECT sessionize.release_fuse(...) releases a pipeline.")));
	row = TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple : data->tg_trigtuple;
	hold = read_hold(
		DatumGetInt64(heap_getattr(row, 1, RelationGetDescr(data->tg_relation), &isnull)));
	tell(&hold);
	return PointerGetDatum(NULL);
}
