/*
 * member_fold.c
 *		From events to the members of the dimensions that the user has added.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "catalog/definition.h"
#include "derive/member_fold.h"
#include "utils/member.h"

/* What is known of a session key: the last value of an attribute that was not NULL. */
typedef struct KnownValue
{
	bool is_known;
	StringInfoData bytes;
} KnownValue;

/* The member that an event or a session has in a dimension. */
typedef struct FoldedMember
{
	const DimensionDefinition *dimension;
	StringInfoData bytes;
	bool is_picked;    /* an event of the session has given the member */
	KnownValue *known; /* of PICK_LAST_KNOWN: for each attribute */
} FoldedMember;

/* The dimensions of events, or of sessions. */
typedef struct FoldedMembers
{
	int count;
	FoldedMember *list;
	TextView *views; /* what is handed out */
} FoldedMembers;

struct MemberFold
{
	FoldedMembers events;
	FoldedMembers sessions;
	bool is_first; /* no event of the session was read yet */
};

/*
 * make_known makes room for what is known of a session key.
 */
static KnownValue *
make_known(int count)
{
	KnownValue *known = palloc0(count * sizeof(KnownValue));

	for (int i = 0; i < count; i++)
		initStringInfo(&known[i].bytes);
	return known;
}

/*
 * init_members prepares the dimensions of events, or of sessions.
 */
static void
init_members(FoldedMembers *members, const Pipeline *pipeline, bool of_events)
{
	const Definition *definition = pipeline->definition;
	int count = definition_members(pipeline, of_events);

	members->list = palloc0(Max(count, 1) * sizeof(FoldedMember));
	members->views = palloc0(Max(count, 1) * sizeof(TextView));
	for (int i = 0; i < definition->ndimensions; i++)
	{
		FoldedMember *member = &members->list[members->count];

		if (definition->dimensions[i].of_events != of_events)
			continue;
		member->dimension = &definition->dimensions[i];
		initStringInfo(&member->bytes);
		if (member->dimension->pick == PICK_LAST_KNOWN)
			member->known = make_known(member->dimension->nattributes);
		members->count++;
	}
}

/*
 * member_fold_create prepares the fold.
 */
MemberFold *
member_fold_create(const Pipeline *pipeline)
{
	MemberFold *fold;

	if (pipeline->definition == NULL || pipeline->definition->ndimensions == 0)
		return NULL;
	fold = palloc0(sizeof(MemberFold));
	init_members(&fold->events, pipeline, true);
	init_members(&fold->sessions, pipeline, false);
	return fold;
}

/*
 * forget_known forgets what is known of a session key.
 */
static void
forget_known(FoldedMembers *members)
{
	for (int i = 0; i < members->count; i++)
		for (int j = 0; members->list[i].known && j < members->list[i].dimension->nattributes; j++)
			members->list[i].known[j].is_known = false;
}

/*
 * member_fold_begin_key begins a session key.
 */
void
member_fold_begin_key(MemberFold *fold)
{
	forget_known(&fold->sessions);
	forget_known(&fold->events);
}

/*
 * member_fold_begin begins a session.
 */
void
member_fold_begin(MemberFold *fold)
{
	fold->is_first = true;
	for (int i = 0; i < fold->sessions.count; i++)
	{
		resetStringInfo(&fold->sessions.list[i].bytes);
		fold->sessions.list[i].is_picked = false;
	}
}

/*
 * is_unknown tells whether all of an event's attributes in a dimension are NULL.
 */
static bool
is_unknown(const DimensionDefinition *dimension, const Record *record)
{
	for (int i = 0; i < dimension->nattributes; i++)
		if (record_attribute(record, dimension->attributes[i].attribute).data != NULL)
			return false;
	return true;
}

/*
 * is_picked tells whether an event gives the session its member, in place of earlier events.
 */
static bool
is_picked(const FoldedMember *member, const Record *record, bool is_first)
{
	switch (member->dimension->pick)
	{
		case PICK_FIRST:
			return is_first;
		case PICK_LAST:
			return true;
		case PICK_FIRST_NOT_NULL:
			return !member->is_picked && !is_unknown(member->dimension, record);
		case PICK_LAST_NOT_NULL:
			return !is_unknown(member->dimension, record);
		case PICK_ENTRY:
			return !member->is_picked && (record->flags & RECORD_PAGE_VIEW) != 0;
		case PICK_EXIT:
			return (record->flags & RECORD_PAGE_VIEW) != 0;
		case PICK_LAST_KNOWN:
			return true;
		case PICK_ITSELF:
		case DIMENSION_PICKS:
			break;
	}
	pg_unreachable();
}

/*
 * learn notes the attributes that an event has, and makes all that are known the member.
 */
static void
learn(FoldedMember *member, const Record *record)
{
	bool any = false;

	resetStringInfo(&member->bytes);
	for (int i = 0; i < member->dimension->nattributes; i++)
	{
		KnownValue *known = &member->known[i];
		TextView value = record_attribute(record, member->dimension->attributes[i].attribute);

		if (value.data != NULL)
		{
			known->is_known = true;
			resetStringInfo(&known->bytes);
			appendBinaryStringInfo(&known->bytes, value.data, (int) value.len);
		}
		any |= known->is_known;
		member_append(&member->bytes,
					  (TextView){known->is_known ? known->bytes.data : NULL, known->bytes.len});
	}
	if (!any)
		resetStringInfo(&member->bytes);
}

/*
 * take_member makes an event's attributes the member.
 */
static void
take_member(FoldedMember *member, const Record *record)
{
	const DimensionDefinition *dimension = member->dimension;

	if (dimension->pick == PICK_LAST_KNOWN)
	{
		learn(member, record);
		return;
	}
	member->is_picked = true;
	resetStringInfo(&member->bytes);
	if (is_unknown(dimension, record))
		return;
	for (int i = 0; i < dimension->nattributes; i++)
		member_append(&member->bytes, record_attribute(record, dimension->attributes[i].attribute));
}

/*
 * hand_out returns the members.
 */
static const TextView *
hand_out(FoldedMembers *members)
{
	for (int i = 0; i < members->count; i++)
	{
		const StringInfoData *bytes = &members->list[i].bytes;

		members->views[i] = (TextView){bytes->len == 0 ? NULL : bytes->data, bytes->len};
	}
	return members->views;
}

/*
 * member_fold_add adds an event of the session.
 */
void
member_fold_add(MemberFold *fold, const Record *record)
{
	for (int i = 0; i < fold->sessions.count; i++)
	{
		FoldedMember *member = &fold->sessions.list[i];

		if (is_picked(member, record, fold->is_first))
			take_member(member, record);
	}
	fold->is_first = false;
}

/*
 * member_fold_session returns the members of the session.
 */
const TextView *
member_fold_session(MemberFold *fold)
{
	return hand_out(&fold->sessions);
}

/*
 * member_fold_event returns the members of an event.
 */
const TextView *
member_fold_event(MemberFold *fold, const Record *record)
{
	for (int i = 0; i < fold->events.count; i++)
		take_member(&fold->events.list[i], record);
	return hand_out(&fold->events);
}
