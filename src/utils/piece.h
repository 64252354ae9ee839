/*
 * piece.h
 *		Into which piece of a derivation a session key falls.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PIECE_H
#define SESSIONIZE_PIECE_H

#include "utils/key_type.h"

/*
 * The piece of the keys of this hash (key_type_stable_hash), by its top bits: the sort of a piece looks at
 * the others.
 */
static inline int
piece_of_hash(uint64 hash, int pieces)
{
	return (int) ((hash >> 32) * (uint64) pieces >> 32);
}

/*
 * The piece of a session key, out of so many; the same on every machine and in every release for keys of type
 * text, uuid, bytea and the integer types, in one major release for others.
 */
extern int piece_of_key(Oid type, Datum key, int pieces);

#endif /* SESSIONIZE_PIECE_H */
