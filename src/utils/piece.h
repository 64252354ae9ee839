/*
 * piece.h
 *		The piece of a derivation to which a session key belongs.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PIECE_H
#define SESSIONIZE_PIECE_H

#include "utils/key_type.h"

/*
 * piece_of_hash returns the piece of the keys with this hash (key_type_stable_hash), by its upper
 * bits, since the sort of a piece uses the lower ones.
 */
static inline int
piece_of_hash(uint64 hash, int pieces)
{
	return (int) ((hash >> 32) * (uint64) pieces >> 32);
}

/*
 * piece_of_key returns the piece of a session key, out of "pieces". For keys of type text, uuid,
 * bytea and the integer types it is the same on every machine and in every release, for other types
 * within a major release.
 */
static inline int
piece_of_key(Oid type, Datum key, int pieces)
{
	return piece_of_hash(key_stable_hash(type, key), pieces);
}

#endif /* SESSIONIZE_PIECE_H */
