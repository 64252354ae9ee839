/*
 * compile_object.h
 *		Compiling the keywords about objects.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_COMPILE_OBJECT_H
#define SESSIONIZE_COMPILE_OBJECT_H

#include "contract/compile_keyword.h"

/* The functions by keyword; NULL for other keywords. */
extern const KeywordCompiler object_keywords[KEYWORDS];

#endif /* SESSIONIZE_COMPILE_OBJECT_H */
