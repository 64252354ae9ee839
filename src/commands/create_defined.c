/*
 * create_defined.c
 *		create_pipeline by a document.
 *
 * The document is turned into calls of the functions that create a pipeline and what it has, which
 * check it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "catalog/pipeline_function.h"
#include "commands/document.h"
#include "spi/sql.h"

/* The argument that may refer to measures, so that it is set after they are added. */
#define BOUNCE "bounce"

/*
 * call runs a call of a function whose first arguments are in sql.
 */
static void
call(const DocumentKind *kind, const char *first, const List *object)
{
	StringInfoData sql;
	ListCell *cell;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT sessionize.%s(%s", kind->function, first);
	foreach (cell, object)
	{
		const DocumentMember *member = lfirst(cell);

		if (strcmp(member->key, BOUNCE) == 0)
			continue;
		appendStringInfo(&sql, ", %s => %s", quote_identifier(member->key),
						 member->value == NULL ? "NULL" : quote_literal_cstr(member->value));
	}
	/* without any name it might be the function that takes a document */
	if (kind == &document_pipeline && strstr(sql.data, " => ") == NULL)
		appendStringInfoString(&sql, ", key => NULL");
	appendStringInfoChar(&sql, ')');
	(void) sql_execute(sql.data);
}

/*
 * set_bounce sets the argument "bounce", if the document gives it.  name is an SQL literal.
 */
static void
set_bounce(const char *name, const List *arguments)
{
	ListCell *cell;

	foreach (cell, arguments)
	{
		const DocumentMember *member = lfirst(cell);

		if (strcmp(member->key, BOUNCE) == 0 && member->value != NULL)
			(void) sql_executef("SELECT sessionize.alter_pipeline(%s, " BOUNCE " => %s)", name,
								quote_literal_cstr(member->value));
	}
}

/*
 * sessionize_create_pipeline_defined creates a pipeline by a document.
 */
PIPELINE_FUNCTION(sessionize_create_pipeline_defined)
{
	char *name;
	char *source;
	Document *document;

	PreventCommandIfReadOnly("sessionize.create_pipeline()");
	for (int i = 0; i < 3; i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("name, source and definition must not be null"),
							errhint("sessionize.create_pipeline('web', 'events') creates a "
									"pipeline without a definition.")));
	name = quote_literal_cstr(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	source = quote_literal_cstr(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	document = document_read(PG_GETARG_JSONB_P(2));
	call(&document_pipeline, psprintf("%s, %s", name, source), document->arguments);
	for (DocumentList list = 0; list < DOCUMENT_LISTS; list++)
	{
		ListCell *cell;

		foreach (cell, document->lists[list])
			call(&document_kinds[list], name, lfirst(cell));
	}
	set_bounce(name, document->arguments);
	if (document->has_identity)
		call(&document_identity, name, document->identity);
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}
