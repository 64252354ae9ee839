/*
 * rebuild_newest.h
 *		A rebuild of the keys with the newest events first.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REBUILD_NEWEST_H
#define SESSIONIZE_REBUILD_NEWEST_H

#include "rebuild/rebuild_work.h"

/*
 * Write the keys with the newest events first; the rows of each are read by the transaction that
 * writes it.  Returns false if options.max_pieces pieces were done and some are left.
 */
extern bool rebuild_newest(Rebuild *rebuild);

#endif /* SESSIONIZE_REBUILD_NEWEST_H */
