/*
 * member_fold.h
 *		From events to the members of the dimensions that the user has added.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_MEMBER_FOLD_H
#define SESSIONIZE_MEMBER_FOLD_H

#include "catalog/pipeline.h"
#include "source/record.h"

typedef struct MemberFold MemberFold;

/* Prepare the fold in CurrentMemoryContext; NULL if the user has added no dimensions. */
extern MemberFold *member_fold_create(const Pipeline *pipeline);

/* Begin a session key. */
extern void member_fold_begin_key(MemberFold *fold);

/* Begin a session. */
extern void member_fold_begin(MemberFold *fold);

/* Add an event of the session; events come in order. */
extern void member_fold_add(MemberFold *fold, const Record *record);

/* The members of the session, in the dimensions of sessions; valid until the next one begins. */
extern const TextView *member_fold_session(MemberFold *fold);

/* The members of an event, in the dimensions of events; valid until the next event. */
extern const TextView *member_fold_event(MemberFold *fold, const Record *record);

#endif /* SESSIONIZE_MEMBER_FOLD_H */
