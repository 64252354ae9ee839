/*
 * page_set.h
 *		Counts the different pages of a session, however many they are.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PAGE_SET_H
#define SESSIONIZE_PAGE_SET_H

#include "utils/text_view.h"

typedef struct PageSet PageSet;

/*
 * Make an empty set in CurrentMemoryContext.  A set that needs more than budget bytes becomes a
 * sort, which may use temporary files.  seed is random, so that pages can't be chosen to have equal
 * hashes.
 */
extern PageSet *page_set_create(Size budget, uint64 seed);

/* Add a page.  Unless copy, the text must live until the next reset. */
extern void page_set_add(PageSet *set, TextView page, bool copy);

/* Return the number of different pages since the last reset, and empty the set. */
extern int64 page_set_count_and_reset(PageSet *set);

#endif /* SESSIONIZE_PAGE_SET_H */
