/*
 * overdue_copies.h
 *		Copies of raw rows in the quarantine that are older than the pipeline's rules say.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_OVERDUE_COPIES_H
#define SESSIONIZE_OVERDUE_COPIES_H

#include "catalog/pipeline.h"

/*
 * Log the keys of such copies, if that was not done a short while ago.  Refreshes then write their
 * rows without copies.  Runs as the pipeline's owner.
 */
extern void overdue_copies_log(const Pipeline *pipeline);

#endif /* SESSIONIZE_OVERDUE_COPIES_H */
