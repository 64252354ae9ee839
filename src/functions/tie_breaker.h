/*
 * tie_breaker.h
 *		Tie-breakers: values of any sortable type that order the events of the same time, one for
 *		each event of a log.  They are part of an aggregate's state.
 *
 * An event's mask in the log is the number of its tie-breaker.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_TIE_BREAKER_H
#define SESSIONIZE_TIE_BREAKER_H

#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"

#include "core/node_log.h"
#include "functions/datum_codec.h"

/* A type of values: how they are compared and sent. */
typedef struct TieType
{
	DatumCodec codec;
	FmgrInfo compare;
	Oid collation;
} TieType;

typedef struct TieBreakers
{
	TieType *type; /* NULL: not known yet, see received */
	Datum *values;
	bool *nulls;
	uint32 count;
	uint32 room;
	bytea *received; /* values from another process, which tie_breakers_read has yet to read */
	bool used;       /* the log was sorted by the values */
} TieBreakers;

/* The type of an argument, in cxt; an error if it can't be sorted. */
extern TieType *tie_type_create(Oid type, MemoryContext cxt);

/* Add a value, and return its number. */
extern uint32 tie_breakers_add(TieBreakers *ties, Datum value, bool isnull, MemoryContext cxt);

/*
 * Add the values of another state.  The caller has to add the previous count to the masks of that
 * state's events.
 */
extern void tie_breakers_merge(TieBreakers *ties, const TieBreakers *others, MemoryContext cxt);

/*
 * Append the values to a message; keep their bytes from a message of this size; read these bytes,
 * when the type is known.
 */
extern void tie_breakers_put(const TieBreakers *ties, StringInfo out);
extern void tie_breakers_get(TieBreakers *ties, StringInfo in, int size);
extern void tie_breakers_read(TieBreakers *ties, TieType *type, MemoryContext cxt);

/*
 * Sort the events of each instant of a sorted log by their values, NULL last, and then by their
 * names.
 */
extern void tie_breakers_sort(TieBreakers *ties, SzNodeLog *log);

#endif /* SESSIONIZE_TIE_BREAKER_H */
