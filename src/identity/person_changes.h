/*
 * person_changes.h
 *		The pairs of session key and user id that may have come into dim_user or gone from it.
 *
 * More pairs than have really changed may be added: whoever writes dim_user adds the pair of each
 * row that goes and of each row that comes.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PERSON_CHANGES_H
#define SESSIONIZE_PERSON_CHANGES_H

#include "catalog/pipeline.h"
#include "spi/key_relation.h"
#include "spi/sql_rows.h"

typedef struct PersonChanges PersonChanges;

/*
 * No pairs, in CurrentMemoryContext, until the transaction's end; NULL if the pipeline has no
 * persons.
 */
extern PersonChanges *person_changes_create(const Pipeline *pipeline);

/* Add a pair. */
extern void person_changes_add(PersonChanges *changes, Datum session_key, Datum user_id);

/* Add all pairs that the keys have in dim_user; changes may be NULL. */
extern void person_changes_add_keys(PersonChanges *changes, const KeyRelation *keys);

/* Whether there are any; changes may be NULL. */
extern bool person_changes_any(const PersonChanges *changes);

/* The pairs as rows (session_key, user_id) with this name. */
extern NamedRows person_changes_rows(const PersonChanges *changes, const char *name);

#endif /* SESSIONIZE_PERSON_CHANGES_H */
