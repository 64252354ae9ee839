/*
 * distributed.h
 *		Tables whose rows are on other servers, by Citus: the table here is empty, and only a query finds them.
 *
 * They are the rows of Citus' catalog pg_dist_partition, which is read without any code of Citus'.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DISTRIBUTED_H
#define SESSIONIZE_DISTRIBUTED_H

#include "postgres.h"

#include "nodes/pg_list.h"

/* Whether there can be distributed tables in this database at all: cheap, where it is false. */
extern bool distributed_any(void);

/* The first of the tables that is distributed, InvalidOid where none is. */
extern Oid distributed_first(const List *oids);

#endif /* SESSIONIZE_DISTRIBUTED_H */
