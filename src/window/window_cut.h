/*
 * window_cut.h
 *		Where windows are cut: at starts of stored sessions.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_WINDOW_CUT_H
#define SESSIONIZE_WINDOW_CUT_H

#include "window/window_choice.h"

/*
 * Cut the open candidates' windows next to the changes.  They are is_near if duplicates may cross
 * the cuts.
 */
extern void window_cut_near(Chooser *chooser);

/* Cut the open candidates' windows farther from the changes than duplicates reach. */
extern void window_cut_far(Chooser *chooser);

/*
 * Move the ends of windows after the begin of the user's next version, and close the candidates
 * whose windows have no end already, since these can't become larger.
 */
extern void window_put_off(Chooser *chooser);

#endif /* SESSIONIZE_WINDOW_CUT_H */
