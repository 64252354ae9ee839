/*
 * guc.h
 *		The extension's settings.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_GUC_H
#define SESSIONIZE_GUC_H

/* May the planner use the node SessionGroup? */
extern bool sz_enable_group_scan;

/* How many events of one group funnels, sequences and the like may keep. */
extern int sz_max_group_events;

/* A key whose refresh reads more raw rows is refreshed apart from the others; 0: none is. */
extern int sz_large_key_rows;

/* About how many raw rows a piece of a rebuild, newest first, has. */
extern int sz_rebuild_piece_rows;

extern int sessionize_max_workers;  /* 0: the launcher starts none */
extern int sessionize_min_interval; /* milliseconds between the starts of a pipeline's passes */
extern int sessionize_idle_timeout; /* milliseconds after which a worker with nothing to do leaves */

extern int
	sessionize_pass_timeout; /* milliseconds without progress after which a pass is cancelled; 0: never */

/* Define the settings; at load. */
extern void sz_define_settings(void);

#endif /* SESSIONIZE_GUC_H */
