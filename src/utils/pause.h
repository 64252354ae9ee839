/*
 * pause.h
 *		Points at which a test can pause the code.
 *
 * In a build with SESSIONIZE_PAUSE_POINTS, PAUSE_POINT("name") waits while another session holds
 * pg_advisory_lock(hashtext('name')). In any other build it does nothing.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PAUSE_H
#define SESSIONIZE_PAUSE_H

#ifdef SESSIONIZE_PAUSE_POINTS
extern void pause_point(const char *name);
#define PAUSE_POINT(name) pause_point(name)
#else
#define PAUSE_POINT(name) ((void) 0)
#endif

#endif /* SESSIONIZE_PAUSE_H */
