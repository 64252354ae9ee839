/*
 * window_check.h
 *		Whether windows can be right, as far as the star and the raw table's index tell.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_WINDOW_CHECK_H
#define SESSIONIZE_WINDOW_CHECK_H

#include "window/window_choice.h"

/*
 * Find out which candidates' windows fit, and which of the near ones are crossed by stored
 * duplicates.
 */
extern void window_check(Chooser *chooser);

/*
 * Decide upon near windows.  Those that duplicates cross are left open, to be cut again farther
 * away; returns whether there are any.
 */
extern bool window_settle(Chooser *chooser);

#endif /* SESSIONIZE_WINDOW_CHECK_H */
