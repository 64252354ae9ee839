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

/*
 * The text under which a table of the extension (run_error or large_key) already has a key, else
 * the key's text form. Equal keys may have several texts, such as 1.0 and 1.00.
 */
extern Datum key_text_in(const Pipeline *pipeline, const char *table, Datum key);

/*
 * The pipeline's keys in such a table, as the active snapshot sees it, with infinite ranges. NULL
 * in the table means the rows without a key. A text that is no longer a value of the key's type,
 * such as the former name of an enum value, is left out.
 */
extern DirtyKey *keys_in(const Pipeline *pipeline, const char *table, int64 *count);

#endif /* SESSIONIZE_KEY_TEXTS_H */
