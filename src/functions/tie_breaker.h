/*
 * tie_breaker.h
 *		Which of the events at one instant comes first: values of any type that sorts, one for each event of a
 *		log, in whose place in the state of an aggregate they go along.
 *
 * An event's mask in the log is the number of its value here.
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
	TieType *type; /* NULL: not known yet, as received says */
	Datum *values;
	bool *nulls;
	uint32 count;
	uint32 room;
	bytea *received; /* straight from another process; tie_breakers_read makes values of it */
	bool used;       /* the log was sorted by them */
} TieBreakers;

/* The type of an argument, in cxt; an error where it does not sort. */
extern TieType *tie_type_create(Oid type, MemoryContext cxt);

/* Add a value, and return its number. */
extern uint32 tie_breakers_add(TieBreakers *ties, Datum value, bool isnull, MemoryContext cxt);

/*
 * Add those of another state, to whose events' masks the number of the first one of them is to be
 * added.
 */
extern void tie_breakers_merge(TieBreakers *ties, const TieBreakers *others, MemoryContext cxt);

/*
 * Append them to a message; read them, without looking at them; look at them, once their type is
 * known.
 */
extern void tie_breakers_put(const TieBreakers *ties, StringInfo out);
extern void tie_breakers_get(TieBreakers *ties, StringInfo in, int size);
extern void tie_breakers_read(TieBreakers *ties, TieType *type, MemoryContext cxt);

/*
 * Bring the events of each instant of a sorted log into the order of their values, NULL last, then
 * of their names.
 */
extern void tie_breakers_sort(TieBreakers *ties, SzNodeLog *log);

#endif /* SESSIONIZE_TIE_BREAKER_H */
