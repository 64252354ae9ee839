/*
 * user_hash.h
 *		The hash of a user id, by which persons are named: the same in any database.
 *
 * It is a BLAKE2b digest of 16 bytes (RFC 7693) with the version and variant bits of a UUID version
 * 8, over the pipeline's id_name, a zero byte, and the user id, both in UTF-8.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_USER_HASH_H
#define SESSIONIZE_USER_HASH_H

#include "postgres.h"

#include "utils/uuid.h"

/* Compute the hash of a user id of the given length. */
extern void user_hash(const char *id_name, const char *user_id, int len, pg_uuid_t *result);

/* The SQL of the hash of a user id, of which the SQL is given. */
extern char *user_hash_sql(const char *id_name, const char *user_id);

#endif /* SESSIONIZE_USER_HASH_H */
