/*
 * grants.h
 *		Privileges on views, kept while the views are dropped and made anew.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_GRANTS_H
#define SESSIONIZE_GRANTS_H

#include "nodes/pg_list.h"

/*
 * What GRANT has given to others on relations, given by OID, and on their columns.  In
 * CurrentMemoryContext.
 */
extern List *grants_read(const List *relations);

/*
 * Grant the same again on the relations that have the names by now, as the current user, except on
 * columns that are gone.
 */
extern void grants_restore(const List *grants);

#endif /* SESSIONIZE_GRANTS_H */
