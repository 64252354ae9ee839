/*
 * window_check.h
 *		Whether windows fit.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_WINDOW_CHECK_H
#define SESSIONIZE_WINDOW_CHECK_H

#include "window/window_choice.h"

/* Find out which of the windows that were cut fit, and whether stored duplicates cross those that are near. */
extern void window_check(Chooser *chooser);

/* Decide upon near windows; those that duplicates cross stay open, and whether there are any is returned. */
extern bool window_settle(Chooser *chooser);

#endif /* SESSIONIZE_WINDOW_CHECK_H */
