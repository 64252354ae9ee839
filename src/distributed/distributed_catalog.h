/*
 * distributed_catalog.h
 *		The table of distributed pipelines, which each server has a copy of.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DISTRIBUTED_CATALOG_H
#define SESSIONIZE_DISTRIBUTED_CATALOG_H

#include "postgres.h"

#include "spi/scope.h"

/* The owner of a distributed pipeline; InvalidOid: there is none of this name. */
extern Oid distributed_owner(const char *name);

/*
 * Work as the distributed pipeline's owner, also on other servers, to which Citus connects as the
 * current role: what the owner has written, such as the expression of a measure, runs with nobody
 * else's rights.  An error unless the user has the owner's privileges.  owner_scope_leave ends it.
 */
extern void distributed_scope_enter(OwnerScope *scope, const char *name);

/*
 * Take, until the transaction's end, the lock under which one session at a time changes what the
 * pipelines of all shards are, so that all get the same changes in the same order.  If another
 * session has it: wait, or an error.  It exists on the coordinator alone.
 */
extern void distributed_lock(const char *name, bool wait);

#endif /* SESSIONIZE_DISTRIBUTED_CATALOG_H */
