/*
 * compile_in_place.h
 *		Compiling the keywords that apply other schemas to the same value.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_COMPILE_IN_PLACE_H
#define SESSIONIZE_COMPILE_IN_PLACE_H

#include "contract/compile_keyword.h"

/* The functions by keyword; NULL for other keywords. */
extern const KeywordCompiler in_place_keywords[KEYWORDS];

#endif /* SESSIONIZE_COMPILE_IN_PLACE_H */
