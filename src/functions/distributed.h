/*
 * distributed.h
 *		Tables that Citus distributes: their rows are on other servers, and only a query finds them.
 *
 * They are read from Citus' catalog pg_dist_partition, without any code of Citus.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DISTRIBUTED_H
#define SESSIONIZE_DISTRIBUTED_H

#include "postgres.h"

#include "nodes/pg_list.h"

/* Whether the database can have distributed tables: whether Citus is in it. */
extern bool distributed_exist(void);

/* The first of the tables that is distributed; InvalidOid if none is. */
extern Oid distributed_first(const List *oids);

#endif /* SESSIONIZE_DISTRIBUTED_H */
