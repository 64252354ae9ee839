/*
 * owner_scope.c
 *		Stretches of code that run as a pipeline's owner, or as the owner of the extension's tables.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "utils/lsyscache.h"

#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_objects.h"
#include "spi/scope.h"
#include "spi/sql.h"

/*
 * owner_scope_enter switches to the pipeline's owner, under pinned settings.
 */
void
owner_scope_enter(OwnerScope *scope, const Pipeline *pipeline)
{
	/* what belongs to a detached pipeline has one owner as well */
	if (pipeline->fault != PIPELINE_DETACHED)
		pipeline_check_objects(pipeline);
	role_scope_enter(scope, pipeline->owner);
}

/*
 * extension_scope_enter switches to the owner of the extension's tables, under pinned settings.
 */
void
extension_scope_enter(OwnerScope *scope)
{
	Oid owner =
		sql_relation_owner(get_relname_relid("pipeline", get_namespace_oid("sessionize", false)));

	if (!OidIsValid(owner))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE), errmsg("table sessionize.pipeline is missing"),
				 errhint("Run CREATE EXTENSION pg_sessionize.")));
	role_scope_enter(scope, owner);
}
