/*
 * guc.h
 *		The extension's settings.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_GUC_H
#define SESSIONIZE_GUC_H

/* Whether the planner may use the node SessionGroup. */
extern bool sz_enable_group_scan;

/* How many events of one group funnels, sequences and the like may keep in memory. */
extern int sz_max_group_events;

/*
 * A key whose refresh reads more raw rows than this is refreshed apart from the others; 0: no key
 * is.
 */
extern int sz_large_key_rows;

/* About how many raw rows a piece has, in a rebuild with the newest keys first. */
extern int sz_rebuild_piece_rows;

/* Whether raw rows that are changed count for the fuse (run/fuse.h). */
extern bool sz_fuse;

extern int sessionize_max_workers;  /* 0: the launcher starts no workers */
extern int sessionize_min_interval; /* milliseconds between the starts of a pipeline's passes */
extern int sessionize_idle_timeout; /* milliseconds after which an idle worker leaves */

/* milliseconds without progress after which a pass is cancelled; 0: never */
extern int sessionize_pass_timeout;

/* Define the settings, when the library is loaded. */
extern void sz_define_settings(void);

#endif /* SESSIONIZE_GUC_H */
