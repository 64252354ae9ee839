/*
 * document.h
 *		A pipeline's definition as a document, in which it moves between databases.
 *
 * The document is a JSON object.  Its keys are the names of create_pipeline's arguments, lists of
 * objects, whose keys are the names of the arguments of a function that adds one of them, and
 * "identity", an object with the arguments of enable_identity.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DOCUMENT_H
#define SESSIONIZE_DOCUMENT_H

#include "fmgr.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"

/* The function whose arguments an object's members are. */
typedef struct DocumentKind
{
	/* of schema sessionize; of several, the one with the most arguments and without a document */
	const char *function;
	int apart;        /* how many of its arguments are not in the document */
	const char *what; /* what the object describes */
} DocumentKind;

extern const DocumentKind document_pipeline;
extern const DocumentKind document_identity;

/* The lists that a document may have.  A new one is a new line here, and in document.c. */
typedef enum DocumentList
{
	DOCUMENT_MEASURES,
	DOCUMENT_DIMENSIONS,
	DOCUMENT_ROLLUPS,
	DOCUMENT_LISTS
} DocumentList;

extern const DocumentKind document_kinds[DOCUMENT_LISTS];

/* A member of an object. */
typedef struct DocumentMember
{
	char *key;
	char *value; /* in the text form of the argument's type; NULL: null */
} DocumentMember;

/* An object is a list of its members. */
typedef struct Document
{
	List *arguments;             /* DocumentMember * */
	List *lists[DOCUMENT_LISTS]; /* each element is an object, so a List * of DocumentMember * */
	bool has_identity;           /* there is an object "identity" */
	List *identity;              /* its members */
} Document;

/*
 * Read a document, in CurrentMemoryContext; an error with a hint if it is not as described above.
 */
extern Document *document_read(Jsonb *jsonb);

/*
 * Read an object (DocumentMember *) that describes something; an error with the example as a hint
 * if it is none, or has a key that is no argument.
 */
extern List *
document_object(const DocumentKind *kind, const char *example, const JsonbValue *object);

/*
 * A call of the function with an object's members as arguments, and defaults for the others; those
 * that are not in the document are NULL.
 */
extern FunctionCallInfo document_call(const DocumentKind *kind, const List *object);

#endif /* SESSIONIZE_DOCUMENT_H */
