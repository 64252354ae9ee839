/*
 * window_cut.h
 *		Where windows are cut.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_WINDOW_CUT_H
#define SESSIONIZE_WINDOW_CUT_H

#include "window/window_choice.h"

/* Of all candidates that are open: cut windows next to the change, with what has to be known for it; is_near where that is to be proven. */
extern void window_cut_near(Chooser *chooser);

/* The same as far from it as duplicates reach. */
extern void window_cut_far(Chooser *chooser);

/* Have windows end beyond the user's next version; close those that can't be had any larger. */
extern void window_put_off(Chooser *chooser);

#endif /* SESSIONIZE_WINDOW_CUT_H */
