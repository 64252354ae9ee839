/*
 * slot_value.h
 *		One column of a row in a slot; if its offset is known, the row is not deformed.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SLOT_VALUE_H
#define SESSIONIZE_SLOT_VALUE_H

#include "postgres.h"

#include "access/htup_details.h"
#include "executor/tuptable.h"

/*
 * slot_value_is_direct tells whether a column has the same offset in all rows that have no NULL
 * before it: the slot has heap tuples, and all columns before it have a fixed length.
 */
static inline bool
slot_value_is_direct(TupleTableSlot *slot, AttrNumber attno)
{
	TupleDesc desc = slot->tts_tupleDescriptor;

	if (!TTS_IS_BUFFERTUPLE(slot))
		return false;
	for (int i = 0; i < attno - 1; i++)
	{
		if (TupleDescAttr(desc, i)->attlen <= 0)
			return false;
	}
	return true;
}

/*
 * slot_value returns a column's value; direct must be the result of slot_value_is_direct.
 */
static inline Datum
slot_value(TupleTableSlot *slot, AttrNumber attno, bool direct, bool *isnull)
{
	if (direct)
		return heap_getattr(((BufferHeapTupleTableSlot *) slot)->base.tuple, attno,
							slot->tts_tupleDescriptor, isnull);
	return slot_getattr(slot, attno, isnull);
}

#endif /* SESSIONIZE_SLOT_VALUE_H */
