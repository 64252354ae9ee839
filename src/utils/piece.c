/*
 * piece.c
 *		The piece of a derivation to which a session key belongs.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/piece.h"

/*
 * piece_of_key returns the piece of a session key.
 */
int
piece_of_key(Oid type, Datum key, int pieces)
{
	return piece_of_hash(key_stable_hash(type, key), pieces);
}
