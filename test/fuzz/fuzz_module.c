/*
 * fuzz_module.c
 *		Random numbers, and statements whose errors are told apart.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "fuzz_module.h"

PG_MODULE_MAGIC;

/*
 * fuzz_draw returns a number below another one.
 */
uint32
fuzz_draw(uint64 *state, uint32 below)
{
	uint64 z = (*state += UINT64CONST(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64CONST(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64CONST(0x94D049BB133111EB);
	return (uint32) ((z ^ (z >> 31)) % below);
}

/*
 * fuzz_judge runs a statement in a subtransaction.
 */
bool
fuzz_judge(SPIPlanPtr plan, Datum *arguments, const char *message,
		   bool (*may_happen)(int sqlerrcode))
{
	MemoryContext memory = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool judged = false;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(memory);
	PG_TRY();
	{
		bool isnull;

		if (SPI_execute_plan(plan, arguments, NULL, true, 0) != SPI_OK_SELECT || SPI_processed != 1)
			elog(ERROR, "the statement has not returned a row");
		if (!DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull)))
			elog(PANIC, "%s", message);
		SPI_freetuptable(SPI_tuptable);
		ReleaseCurrentSubTransaction();
		judged = true;
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(memory);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		if (!may_happen(error->sqlerrcode))
			ReThrowError(error);
		FreeErrorData(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(memory);
	CurrentResourceOwner = owner;
	return judged;
}
