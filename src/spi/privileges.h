/*
 * privileges.h
 *		Checks of privileges, whose errors say which GRANT is missing.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PRIVILEGES_H
#define SESSIONIZE_PRIVILEGES_H

#include "postgres.h"

/* Whether the current user has the privileges of a role, or may read all statistics. */
extern bool may_see_state(Oid role);

/* Error unless the current user may create schemas in this database; detail says what for. */
extern void check_may_create_schema(const char *detail);

/* Error unless the current user may create tables in the schema. */
extern void check_may_create_in(Oid schema);

/*
 * Error unless the current user may read the whole table and no policy hides rows from this user.
 */
extern void check_may_read(Oid table);

/* Error unless the current user may create triggers on the table. */
extern void check_may_add_triggers(Oid table);

/* Error unless the current user may insert into the table, or into some of its columns. */
extern void check_may_insert(Oid table);

/* Error unless the current user may delete rows of the table. */
extern void check_may_delete(Oid table);

#endif /* SESSIONIZE_PRIVILEGES_H */
