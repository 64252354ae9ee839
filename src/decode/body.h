/*
 * body.h
 *		The body of a request: JSON, whatever it is wrapped in, or parameters.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_BODY_H
#define SESSIONIZE_BODY_H

#include "postgres.h"

#include "decode/notes.h"
#include "decode/request.h"

typedef enum BodyKind
{
	BODY_EMPTY,
	BODY_PARAMETERS, /* of a form or a query */
	BODY_OBJECT,     /* one object */
	BODY_ARRAY,      /* one array */
	BODY_VALUES      /* one value after the other, such as a document in each line */
} BodyKind;

/* A member of a body that is one object. */
typedef struct BodyMember
{
	TextView key;
	TextView value; /* as it is written */
} BodyMember;

typedef struct Body
{
	BodyKind kind;
	TextView text;       /* JSON, or parameters */
	BodyMember *members; /* of an object */
	uint32 count;
	uint32 room;
} Body;

/* Reads a body.  Returns false, and why, if it is neither JSON nor parameters. */
extern bool body_open(Body *body, const Request *request, DecodeFault *fault);

/* A member of a body that is one object, as it is written; its data are NULL if there is none. */
extern TextView body_member(const Body *body, const char *key);

/* A member that is an array; its data are NULL if there is none. */
extern TextView body_array(const Body *body, const char *key);

/* The first event of a body, if it is an object, in an array, the member's or all of the body. */
extern bool body_first(const Body *body, const char *member, Body *first);

/* A body that is one object, without one of its members; NULL for without none. */
extern JsonbValue body_without(const Body *body, const char *key, Notes *notes);

#endif /* SESSIONIZE_BODY_H */
