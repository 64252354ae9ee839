/*
 * live_access.c
 *		Whether what is live of a pipeline can be derived, and for whom.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "catalog/owner_scope.h"
#include "catalog/pipeline_objects.h"
#include "catalog/star_relation.h"
#include "dirty/backfill.h"
#include "live/live_access.h"

/*
 * live_check_access reports a caller who may not read the live view.
 */
void
live_check_access(const Pipeline *pipeline, StarRelationId view)
{
	Oid relation = star_relation_oid(pipeline, view);

	if (has_privs_of_role(GetUserId(), pipeline->owner) ||
		(OidIsValid(relation) &&
		 pg_class_aclcheck(relation, GetUserId(), ACL_SELECT) == ACLCHECK_OK))
		return;
	ereport(
		ERROR,
		(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		 errmsg("permission denied for view %s", star_relation(pipeline, view)),
		 errdetail(
			 "Who reads it through a view or function of another role needs the privilege, too."),
		 errhint("GRANT SELECT ON %s TO %s;", star_relation(pipeline, view),
				 quote_identifier(GetUserNameFromId(GetUserId(), false)))));
}

/*
 * live_check_pipeline reports a pipeline that does not exist, or whose objects are not as they must be.
 */
void
live_check_pipeline(const Pipeline *pipeline, int32 id)
{
	if (pipeline != NULL)
		pipeline_check_objects(pipeline);
	else
		ereport(
			ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("pipeline %d does not exist", id),
			 errhint(
				 "Query the views sessions_live and events_live of a pipeline's schema instead.")));
}

/*
 * live_check_built reports a star that is not built.  A star whose first build is a backfill is
 * accepted: all keys that are not built yet are known, and derived.
 */
void
live_check_built(const Pipeline *pipeline)
{
	OwnerScope scope;
	bool is_right;

	if (pipeline->built)
		return;
	owner_scope_enter(&scope, pipeline);
	is_right = backfill_is_stale(pipeline);
	owner_scope_leave(&scope);
	if (!is_right)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("pipeline \"%s\" has to be built first", pipeline->name),
				 errdetail("It is new, or its rules have changed, so what is stored is not what "
						   "its rules say."),
				 errhint("CALL sessionize.refresh(%s);", quote_literal_cstr(pipeline->name))));
}
