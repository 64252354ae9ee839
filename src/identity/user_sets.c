/*
 * user_sets.c
 *		User ids, by their hashes, that are joined to disjoint sets.
 *
 * Each user points to one of its set that is not greater; the least user points to itself.  Paths
 * are halved whenever they are followed, so that they stay short.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"

#include "compat.h"
#include "identity/user_sets.h"
#include "utils/key_hash.h"

struct UserSets
{
	KeyType type;
	KeyHash users; /* the payload is the number of the user that it points to, as uint32 */
};

/*
 * user_sets_create returns no sets.
 */
UserSets *
user_sets_create(void)
{
	UserSets *sets = palloc0(sizeof(UserSets));

	key_type_init_id(&sets->type, UUIDOID);
	key_hash_init(&sets->users, &sets->type, sizeof(uint32), CurrentMemoryContext);
	return sets;
}

/*
 * target returns the place of the number of the user that a user points to.
 */
static uint32 *
target(const UserSets *sets, uint32 user)
{
	return key_hash_payload(key_hash_entry(&sets->users, user));
}

/*
 * user_at returns the user with a number.
 */
static const pg_uuid_t *
user_at(const UserSets *sets, uint32 user)
{
	return DatumGetUUIDP(key_hash_entry(&sets->users, user)->key);
}

/*
 * find_least returns the number of the least user of a user's set.
 */
static uint32
find_least(const UserSets *sets, uint32 user)
{
	while (*target(sets, user) != user)
	{
		uint32 *at = target(sets, user);

		*at = *target(sets, *at);
		user = *at;
	}
	return user;
}

/*
 * add_user returns the number of a user, which is added if necessary.
 */
static uint32
add_user(UserSets *sets, const pg_uuid_t *user)
{
	uint32 count = sets->users.count;
	bool found;
	uint32 *at = key_hash_add(&sets->users, UUIDPGetDatum(user), false, &found);

	if (found)
		return *at;
	return *at = count;
}

/*
 * user_sets_join joins the sets of two users.
 */
void
user_sets_join(UserSets *sets, const pg_uuid_t *user, const pg_uuid_t *other)
{
	uint32 least = find_least(sets, add_user(sets, user));
	uint32 other_least = find_least(sets, add_user(sets, other));

	if (memcmp(user_at(sets, least), user_at(sets, other_least), UUID_LEN) < 0)
		*target(sets, other_least) = least;
	else
		*target(sets, least) = other_least;
}

/*
 * user_sets_least returns the least user of the set that a user is in.
 */
const pg_uuid_t *
user_sets_least(const UserSets *sets, const pg_uuid_t *user)
{
	const uint32 *at = key_hash_lookup(&sets->users, UUIDPGetDatum(user));

	return at == NULL ? user : user_at(sets, find_least(sets, *at));
}

/*
 * user_sets_rows returns the users that are not the least of their set.
 */
NamedRows
user_sets_rows(const UserSets *sets, const char *name)
{
	NamedRows named = {name, CreateTemplateTupleDesc(2),
					   tuplestore_begin_heap(true, false, work_mem)};

	TupleDescInitEntry(named.desc, 1, "user_hash", UUIDOID, -1, 0);
	TupleDescInitEntry(named.desc, 2, "person_id", UUIDOID, -1, 0);
	sz_finish_tuple_desc(named.desc);
	for (uint32 user = 0; user < sets->users.count; user++)
	{
		uint32 least = find_least(sets, user);
		Datum values[] = {UUIDPGetDatum(user_at(sets, user)), UUIDPGetDatum(user_at(sets, least))};
		bool isnull[lengthof(values)] = {false};

		if (least != user)
			tuplestore_putvalues(named.rows, named.desc, values, isnull);
	}
	return named;
}
