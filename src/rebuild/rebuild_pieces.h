/*
 * rebuild_pieces.h
 *		A rebuild that reads everything in one snapshot and writes it piece by piece.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REBUILD_PIECES_H
#define SESSIONIZE_REBUILD_PIECES_H

#include "rebuild/rebuild_work.h"

/* Read everything in one snapshot and write it piece by piece, the keys by their hash. */
extern void rebuild_pieces(Rebuild *rebuild);

#endif /* SESSIONIZE_REBUILD_PIECES_H */
