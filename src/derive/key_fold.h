/*
 * key_fold.h
 *		From a key's events in order to its users, its sessions and its events.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_KEY_FOLD_H
#define SESSIONIZE_KEY_FOLD_H

#include "catalog/pipeline.h"
#include "derive/derived.h"
#include "derive/key_rows.h"
#include "window/window.h"

/*
 * walk_rows hands what the rows amount to to the sink, and adds to counts.  has_users: the pipeline knows user
 * ids.  windows may be NULL: of a key that has one, only what is in it is handed over, and nothing if it does not hold.
 * budget is for the pages of a session.
 */
extern void walk_rows(KeyRows *rows, const Pipeline *pipeline, const RecordFormat *format, bool has_users,
					  const Windows *windows, const DeriveSink *sink, Size budget, DeriveCounts *counts);

/* Find out which of the windows of these keys hold. */
extern void walk_windows(KeyRows *rows, const Pipeline *pipeline, const RecordFormat *format, bool has_users,
						 Windows *windows);

#endif /* SESSIONIZE_KEY_FOLD_H */
