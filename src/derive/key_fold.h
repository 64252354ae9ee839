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

/* What is folded. */
typedef struct FoldInput
{
	KeyRows *rows; /* of all keys */
	const Pipeline *pipeline;
	const RecordFormat *format;
	bool has_users; /* the pipeline knows user ids */
} FoldInput;

/*
 * key_fold_hand_over hands what the rows amount to to the sink, and adds to counts.  windows may be NULL:
 * of a key that has a window, only what is in it is handed over, and nothing if the window does not hold.
 * budget is for the pages of a session.
 */
extern void key_fold_hand_over(const FoldInput *input, const Windows *windows, const DeriveSink *sink,
							   Size budget, DeriveCounts *counts);

/* Find out which of the windows of these keys hold. */
extern void key_fold_check_windows(const FoldInput *input, Windows *windows);

#endif /* SESSIONIZE_KEY_FOLD_H */
