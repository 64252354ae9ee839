/*
 * unicode_category.h
 *		The general categories of Unicode, as \p{...} names them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_UNICODE_CATEGORY_H
#define SESSIONIZE_UNICODE_CATEGORY_H

#include "postgres.h"

#include "contract/char_set.h"
#include "utils/text_view.h"

/*
 * Add the characters of a category, such as L, Lu or Letter, or of Any or ASCII; returns false if
 * none has the name.
 */
extern bool unicode_category_add(CharSet *set, TextView name);

#endif /* SESSIONIZE_UNICODE_CATEGORY_H */
