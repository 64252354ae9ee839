/*
 * contract_version.h
 *		The versions of a contract, and their order.
 *
 * A version is a SchemaVer (1-0-0: model, revision, addition) or a semantic version (1.0.0,
 * semver.org).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CONTRACT_VERSION_H
#define SESSIONIZE_CONTRACT_VERSION_H

#include "postgres.h"

/* A version may have so many bytes. */
#define CONTRACT_VERSION_MAX 128

/*
 * A text by whose bytes versions are ordered: strcmp() compares two of them.  Semantic versions
 * that differ only after a "+" have the same key.  Error if the text is no version.
 */
extern char *contract_version_key(const char *version);

/* Whether the versions that two keys are of are both SchemaVers, or both semantic versions. */
extern bool contract_version_same_style(const char *key, const char *other);

#endif /* SESSIONIZE_CONTRACT_VERSION_H */
