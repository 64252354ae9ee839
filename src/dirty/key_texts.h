/*
 * key_texts.h
 *		Session keys of any type as texts, as the extension's own tables keep them, and back.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_KEY_TEXTS_H
#define SESSIONIZE_KEY_TEXTS_H

#include "catalog/pipeline.h"
#include "dirty/dirty_key.h"

/* A key's text form, of type text. */
extern Datum key_to_text(const Pipeline *pipeline, Datum key);

/*
 * The text under which a table of the extension's (run_error, large_key) has a key already, else
 * the key's text form: equal keys may have several, such as 1.0 and 1.00.
 */
extern Datum key_text_in(const Pipeline *pipeline, const char *table, Datum key);

/*
 * The keys of the pipeline that such a table has, as the active snapshot sees it, with infinite
 * ranges; NULL there means the rows without a key.  A text that is no value of the key's type any
 * more, such as the old name of an enum's value, is left out.
 */
extern DirtyKey *keys_in(const Pipeline *pipeline, const char *table, int64 *count);

#endif /* SESSIONIZE_KEY_TEXTS_H */
