/*
 * compile_value.h
 *		Compiling the keywords about single values.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_COMPILE_VALUE_H
#define SESSIONIZE_COMPILE_VALUE_H

#include "contract/compile_keyword.h"

/* The functions by keyword; NULL for other keywords. */
extern const KeywordCompiler value_keywords[KEYWORDS];

#endif /* SESSIONIZE_COMPILE_VALUE_H */
