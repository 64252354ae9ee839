/*
 * compat.h
 *		The only place that knows PostgreSQL's versions (15 to 18).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_COMPAT_H
#define SESSIONIZE_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "pg_sessionize needs PostgreSQL 15 or later"
#endif

/* One function for the privileges of all kinds of objects came with PostgreSQL 16. */
#if PG_VERSION_NUM >= 160000
#define sz_database_aclcheck(database, role, mode)                                                           \
	object_aclcheck(DatabaseRelationId, (database), (role), (mode))
#define sz_namespace_ownercheck(schema, role) object_ownercheck(NamespaceRelationId, (schema), (role))
#else
#define sz_database_aclcheck(database, role, mode) pg_database_aclcheck((database), (role), (mode))
#define sz_namespace_ownercheck(schema, role)      pg_namespace_ownercheck((schema), (role))
#define sz_relation_ownercheck(relation, role)     pg_class_ownercheck((relation), (role))
#endif

/* A partitioned table may have an identity column since PostgreSQL 17. */
#define SZ_PARTITIONED_IDENTITY (PG_VERSION_NUM >= 170000)

/* Infinite intervals came with PostgreSQL 17. */
#if PG_VERSION_NUM >= 170000
#define SZ_INTERVAL_NOT_FINITE(value) INTERVAL_NOT_FINITE(value)
#else
#define SZ_INTERVAL_NOT_FINITE(value) false
#endif

#endif /* SESSIONIZE_COMPAT_H */
