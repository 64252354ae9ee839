/*
 * member_guard.h
 *		Which members of the user's own dimensions became the member "other", because their
 *		dimension had as many members as it can have.
 *
 * The member "other" has the key -1, and a text in its attributes of type text.  A dimension that
 * is full stays full, since members are never removed.  So a member that a full dimension lacks is
 * stored as "other".
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_MEMBER_GUARD_H
#define SESSIONIZE_MEMBER_GUARD_H

#include "catalog/pipeline.h"
#include "star/star.h"
#include "utils/text_view.h"

typedef struct MemberGuard MemberGuard;

/*
 * Prepare the guard, in a child context of parent.  It reads the dimensions, in the active
 * snapshot, when it is first asked about them.
 */
extern MemberGuard *member_guard_create(MemoryContext parent, const Pipeline *pipeline);

/*
 * The value of an attribute (FIELD_MEMBER_PART) of a derived row as it is stored: that of "other"
 * if its member became so.  In CurrentMemoryContext.
 */
extern Datum member_guard_value(MemberGuard *guard, StarDimensionId id, StarField field, Oid type,
								const void *derived, bool *isnull);

#endif /* SESSIONIZE_MEMBER_GUARD_H */
