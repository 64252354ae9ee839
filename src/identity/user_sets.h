/*
 * user_sets.h
 *		User ids, by their hashes, that are joined to disjoint sets.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_USER_SETS_H
#define SESSIONIZE_USER_SETS_H

#include "postgres.h"

#include "utils/uuid.h"

#include "spi/sql_rows.h"

typedef struct UserSets UserSets;

/* No sets, in CurrentMemoryContext.  A user that is not joined with another takes no memory. */
extern UserSets *user_sets_create(void);

/* Make one set of those that two users are in. */
extern void user_sets_join(UserSets *sets, const pg_uuid_t *user, const pg_uuid_t *other);

/* The least user of the set that a user is in; valid until the next join. */
extern const pg_uuid_t *user_sets_least(const UserSets *sets, const pg_uuid_t *user);

/*
 * The users that are not the least of their set, as rows (user_hash, person_id) with this name; the
 * person is the least user.  In CurrentMemoryContext.
 */
extern NamedRows user_sets_rows(const UserSets *sets, const char *name);

#endif /* SESSIONIZE_USER_SETS_H */
