/*
 * slot_value.h
 *		One column of a row in a slot; without taking the row apart where its place is known.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SLOT_VALUE_H
#define SESSIONIZE_SLOT_VALUE_H

#include "postgres.h"

#include "access/htup_details.h"
#include "executor/tuptable.h"

/*
 * slot_value_is_direct tells whether a column of a table's rows lies at the same offset in all that have
 * no NULL before it: they are heap tuples, and only columns of fixed length lie before it.
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
 * slot_value returns a column; direct is what slot_value_is_direct says.
 */
static inline Datum
slot_value(TupleTableSlot *slot, AttrNumber attno, bool direct, bool *isnull)
{
	if (direct)
		return heap_getattr(((BufferHeapTupleTableSlot *) slot)->base.tuple, attno, slot->tts_tupleDescriptor,
							isnull);
	return slot_getattr(slot, attno, isnull);
}

#endif /* SESSIONIZE_SLOT_VALUE_H */
