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
#include "derive/event_days.h"
#include "derive/key_rows.h"
#include "window/window.h"

/* What is folded. */
typedef struct FoldInput
{
	KeyRows *rows; /* the rows of all keys */
	const Pipeline *pipeline;
	const RecordFormat *format;
	const EventDays *days;
	bool has_users; /* the pipeline has user ids */
} FoldInput;

/*
 * Fold the rows, hand the results to the sink, and add to counts.  windows may be NULL.  Of a key
 * that has a window only what lies in the window is handed over, and nothing if the window does not
 * hold (derive.h).  budget is for the pages of a session, in bytes.
 */
extern void key_fold_hand_over(const FoldInput *input, const Windows *windows,
							   const DeriveSink *sink, Size budget, DeriveCounts *counts);

/* Find out which windows of these keys hold, and note it in the windows. */
extern void key_fold_check_windows(const FoldInput *input, Windows *windows);

#endif /* SESSIONIZE_KEY_FOLD_H */
