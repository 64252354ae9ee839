/*
 * compile_array.h
 *		Compiling the keywords about arrays.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_COMPILE_ARRAY_H
#define SESSIONIZE_COMPILE_ARRAY_H

#include "contract/compile_keyword.h"

/* The functions by keyword; NULL for other keywords. */
extern const KeywordCompiler array_keywords[KEYWORDS];

#endif /* SESSIONIZE_COMPILE_ARRAY_H */
