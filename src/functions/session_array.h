/*
 * session_array.h
 *		Islands as a value of type session[].
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SESSION_ARRAY_H
#define SESSIONIZE_SESSION_ARRAY_H

#include "postgres.h"

#include "core/interval_set.h"
#include "functions/row_array.h"

/* Prepare to make values of a composite type, which must be sessionize.session; in cxt. */
extern RowTemplate *session_template_create(Oid type, MemoryContext cxt);

/* An array of sessions; an error if it would exceed the size of a datum. */
extern ArrayType *session_array(const RowTemplate *template, const SzInterval *items, uint32 count);

#endif /* SESSIONIZE_SESSION_ARRAY_H */
