/*
 * person_derive.h
 *		The persons of a pipeline, derived from dim_user and the user's lists as a whole.
 *
 * A pair is a session key and a user id that stand together in dim_user.  A session key with more
 * user ids than max_users_per_key, not counting excluded ones, is ignored; so is a user id with
 * more session keys than max_keys_per_user, or that is excluded.  A person is a connected component
 * of the graph whose nodes are the other keys and user ids, and whose edges are their pairs and
 * links (user_link), as far as it has a user id.  The person's id is the least hash of its user
 * ids.  So the persons are a function of the set of pairs, the lists and the limits.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PERSON_DERIVE_H
#define SESSIONIZE_PERSON_DERIVE_H

#include "catalog/pipeline.h"
#include "spi/sql_rows.h"

/*
 * Make the tables of persons what they should be, whatever is in them.  The caller works as the
 * pipeline's owner; takes the lock of the persons.
 */
extern void persons_derive(const Pipeline *pipeline);

/*
 * A query whose rows are what in the tables differs from what should be there, in the columns of
 * verify()'s result.  It is to be run in the active snapshot, over the rows that *joined is set to.
 */
extern char *persons_differences_sql(const Pipeline *pipeline, NamedRows *joined);

#endif /* SESSIONIZE_PERSON_DERIVE_H */
