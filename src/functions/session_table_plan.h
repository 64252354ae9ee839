/*
 * session_table_plan.h
 *		The plan node of session_table.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SESSION_TABLE_PLAN_H
#define SESSIONIZE_SESSION_TABLE_PLAN_H

/* Install the hook by which the planner can use the plan node. */
extern void session_table_install(void);

#endif /* SESSIONIZE_SESSION_TABLE_PLAN_H */
