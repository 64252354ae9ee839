/*
 * session_group_path.h
 *		The planner's part of the node SessionGroup.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SESSION_GROUP_PATH_H
#define SESSIONIZE_SESSION_GROUP_PATH_H

/* Install the hook by which the planner can use the node. */
extern void session_group_install(void);

#endif /* SESSIONIZE_SESSION_GROUP_PATH_H */
