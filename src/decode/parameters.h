/*
 * parameters.h
 *		The parameters of a form or a query as a JSON object of strings.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PARAMETERS_H
#define SESSIONIZE_PARAMETERS_H

#include "postgres.h"

#include "decode/notes.h"

/* All parameters; of several with one name the last one counts. */
extern JsonbValue parameters_object(TextView query, Notes *notes);

/* The same, but a point in a name leads into an object: context.page.url=… */
extern JsonbValue parameters_nested(TextView query, Notes *notes);

#endif /* SESSIONIZE_PARAMETERS_H */
