/*
 * distributed.c
 *		Tables that Citus distributes.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "functions/distributed.h"

#define CITUS_CATALOG "pg_dist_partition"
#define CITUS_COLUMN  "logicalrelid"

/*
 * find_catalog returns Citus' catalog of distributed tables, InvalidOid if there is none.
 */
static Oid
find_catalog(void)
{
	Oid catalog = get_relname_relid(CITUS_CATALOG, PG_CATALOG_NAMESPACE);

	return OidIsValid(catalog) && get_rel_relkind(catalog) == RELKIND_RELATION ? catalog
																			   : InvalidOid;
}

/*
 * distributed_exist tells whether the database can have distributed tables.
 */
bool
distributed_exist(void)
{
	return OidIsValid(find_catalog());
}

/*
 * find_column returns the catalog's column with the tables, 0 if the catalog has an unknown form.
 */
static AttrNumber
find_column(Oid catalog)
{
	AttrNumber column = get_attnum(catalog, CITUS_COLUMN);
	Oid type = column > 0 ? get_atttype(catalog, column) : InvalidOid;

	return type == REGCLASSOID || type == OIDOID ? column : InvalidAttrNumber;
}

/*
 * distributed_first returns the first of the tables that is in Citus' catalog.
 */
Oid
distributed_first(const List *oids)
{
	Oid catalog = find_catalog();
	AttrNumber column = OidIsValid(catalog) ? find_column(catalog) : InvalidAttrNumber;
	Oid found = InvalidOid;
	Relation relation;
	SysScanDesc scan;
	HeapTuple tuple;

	if (column == InvalidAttrNumber)
		return InvalidOid;
	relation = table_open(catalog, AccessShareLock);
	scan = systable_beginscan(relation, InvalidOid, false, NULL, 0, NULL);
	while (!OidIsValid(found) && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool isnull;
		Oid table =
			DatumGetObjectId(heap_getattr(tuple, column, RelationGetDescr(relation), &isnull));

		if (!isnull && list_member_oid(oids, table))
			found = table;
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return found;
}
