/*
 * person_update.h
 *		Keeps the persons (person_derive.h) when pairs have come into dim_user or gone from it, or a
 *		link between two user ids.
 *
 * What is read and written is bounded by the size of the persons that are joined or split, and by
 * the limits.  The caller works as the pipeline's owner, in READ COMMITTED, and waits for no other
 * lock of the pipeline afterwards: these functions take that of the persons, if a pair has changed.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PERSON_UPDATE_H
#define SESSIONIZE_PERSON_UPDATE_H

#include "utils/uuid.h"

#include "catalog/pipeline.h"
#include "identity/person_changes.h"

/*
 * Have the persons follow the changes of dim_user, which this transaction has written; changes may
 * be NULL.  The caller owns the keys of the pairs: no other transaction changes their rows.
 */
extern void persons_update(const Pipeline *pipeline, const PersonChanges *changes);

/*
 * Add a link of two user ids to user_link or remove it, and have the persons follow.  Returns
 * whether the list has changed.
 */
extern bool persons_link(const Pipeline *pipeline, const char *user_id, const char *other_id);
extern bool persons_unlink(const Pipeline *pipeline, const char *user_id, const char *other_id);

/* Remove all links of a person's user ids from user_link. */
extern void persons_forget_links(const Pipeline *pipeline, const pg_uuid_t *person_id);

#endif /* SESSIONIZE_PERSON_UPDATE_H */
