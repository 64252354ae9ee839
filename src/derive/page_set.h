/*
 * page_set.h
 *		How many different pages a session has seen, whatever their number.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PAGE_SET_H
#define SESSIONIZE_PAGE_SET_H

#include "utils/text_view.h"

typedef struct PageSet PageSet;

/*
 * In CurrentMemoryContext.  A set that needs more than budget bytes goes on as a sort, in temporary files if
 * need be.  seed keeps who chooses pages from choosing their hashes.
 */
extern PageSet *page_set_create(Size budget, uint64 seed);

/* Add a page.  The text must live until the next reset unless copy. */
extern void page_set_add(PageSet *set, TextView page, bool copy);

/* The number of different pages since the last reset, and reset. */
extern int64 page_set_count_and_reset(PageSet *set);

#endif /* SESSIONIZE_PAGE_SET_H */
