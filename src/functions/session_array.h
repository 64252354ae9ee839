/*
 * session_array.h
 *		Islands as a value of type session[].
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SESSION_ARRAY_H
#define SESSIONIZE_SESSION_ARRAY_H

#include "postgres.h"

#include "access/htup_details.h"
#include "core/interval_set.h"
#include "utils/array.h"

/* What values of the type session begin with, and how long they are. */
typedef struct SessionTemplate
{
	Oid type;
	Size length;
	Size data; /* offset of the columns */
	HeapTupleHeader header;
} SessionTemplate;

/* Prepare to make values of this composite type, which must be sessionize.session, in cxt. */
extern SessionTemplate *session_template_create(Oid type, MemoryContext cxt);

/* An array of sessions; error when it would pass the size of a datum. */
extern ArrayType *session_array(const SessionTemplate *template, const SzInterval *items, uint32 count);

#endif /* SESSIONIZE_SESSION_ARRAY_H */
