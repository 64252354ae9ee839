/*
 * ingest_drop.c
 *		The event trigger for dropped tables: what was kept for an events table goes with it.
 *
 * Otherwise requests, which have personal data, would stay where nobody sees them, and another
 * table that gets the same OID would get them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "fmgr.h"
#include "utils/lsyscache.h"

#include "catalog/extension_sql.h"
#include "spi/statement.h"
#include "utils/arguments.h"

PG_FUNCTION_INFO_V1(sessionize_ingest_drop);

#define DROPPED                                                                                    \
	"SELECT o.objid FROM pg_event_trigger_dropped_objects() AS o "                                 \
	"WHERE o.classid = 'pg_class'::regclass AND o.objsubid = 0 AND NOT o.is_temporary"

/*
 * sessionize_ingest_drop forgets dropped tables.
 */
Datum
sessionize_ingest_drop(PG_FUNCTION_ARGS)
{
	static const char *const tables[] = {"ingest_position", "ingest_rejected", "ingest_gap",
										 "events_table"};
	Oid schema = get_namespace_oid("sessionize", true);

	check_event_trigger(fcinfo);
	for (size_t i = 0; i < lengthof(tables); i++)
		if (OidIsValid(schema) && OidIsValid(get_relname_relid(tables[i], schema)))
			extension_run(psprintf("DELETE FROM sessionize.%s AS t WHERE t.events IN (" DROPPED ")",
								   tables[i]),
						  SQL_READ_WRITE, SQL_NO_VALUES);
	PG_RETURN_NULL();
}
