/*
 * key_output.c
 *		The keys of a table function's result: in their own type, or as text.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "functions/key_output.h"

/*
 * key_output_init checks the wanted type of the keys, and prepares for it.
 */
void
key_output_init(KeyOutput *output, const SessionSource *source, Oid wanted_type, MemoryContext cxt)
{
	Oid column = source->key_type;
	Oid base = getBaseType(column);
	bool is_varlena;
	Oid function;

	memset(output, 0, sizeof(*output));
	if (wanted_type == column || wanted_type == base ||
		(wanted_type == TEXTOID && base == VARCHAROID))
		return;
	if (wanted_type != TEXTOID)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("column \"%s\" is of type %s, not %s", source->key,
							   format_type_be(column), format_type_be(wanted_type)),
						errhint("Write NULL::%s, or leave the argument out to get the key as text.",
								format_type_be(column))));
	output->as_text = true;
	output->cxt = AllocSetContextCreate(cxt, "key text", ALLOCSET_SMALL_SIZES);
	getTypeOutputInfo(column, &function, &is_varlena);
	fmgr_info_cxt(function, &output->function, cxt);
}

/*
 * key_output_value returns a key for the result.
 */
Datum
key_output_value(KeyOutput *output, const KeyEntry *entry)
{
	MemoryContext old;
	Datum value;

	if (!output->as_text)
		return entry->key;
	MemoryContextReset(output->cxt);
	old = MemoryContextSwitchTo(output->cxt);
	value = PointerGetDatum(cstring_to_text(OutputFunctionCall(&output->function, entry->key)));
	MemoryContextSwitchTo(old);
	return value;
}
