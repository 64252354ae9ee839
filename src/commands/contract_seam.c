/*
 * contract_seam.c
 *		Calls of contract_change.h by SQL, for tests of the verdict that put rows into
 *		sessionize.contract themselves.
 *
 * No SQL function of the extension is declared for them.  They are not needed once create_contract()
 * and its kin call contract_change.h.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "commands/contract_change.h"
#include "commands/own_columns.h"

PG_FUNCTION_INFO_V1(sessionize_contract_document_ensure);
PG_FUNCTION_INFO_V1(sessionize_contract_document_release);
PG_FUNCTION_INFO_V1(sessionize_contract_changed);

/*
 * sessionize_contract_document_ensure calls contract_document_ensure.
 */
Datum
sessionize_contract_document_ensure(PG_FUNCTION_ARGS)
{
	const Pipeline *pipeline = own_lock_pipeline(fcinfo);

	PG_RETURN_INT16(contract_document_ensure(pipeline, text_to_cstring(PG_GETARG_TEXT_PP(1))));
}

/*
 * sessionize_contract_document_release calls contract_document_release.
 */
Datum
sessionize_contract_document_release(PG_FUNCTION_ARGS)
{
	contract_document_release(own_lock_pipeline(fcinfo), PG_GETARG_INT16(1));
	PG_RETURN_VOID();
}

/*
 * sessionize_contract_changed calls contract_changed.
 */
Datum
sessionize_contract_changed(PG_FUNCTION_ARGS)
{
	contract_changed(own_lock_pipeline(fcinfo), own_text_argument(fcinfo, 1));
	PG_RETURN_VOID();
}
