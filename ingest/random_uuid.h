/*
 * random_uuid.h
 *		Names that nothing else has.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_RANDOM_UUID_H
#define INGEST_RANDOM_UUID_H

#include <stdbool.h>

#define UUID_SIZE 37

/* Write a random UUID (version 4) as text; false if the system has no random numbers. */
extern bool random_uuid(char text[UUID_SIZE]);

#endif /* INGEST_RANDOM_UUID_H */
