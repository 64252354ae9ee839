/*
 * redis_connection.h
 *		A connection to a Redis that keeps what it was given.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_REDIS_CONNECTION_H
#define INGEST_REDIS_CONNECTION_H

#include <hiredis/hiredis.h>

#define REDIS_ERROR_SIZE 1024

/*
 * Connect to HOST:PORT or the path of a socket, with the password of the environment.  NULL, and
 * an error, also if the server throws keys away when its memory is full, or can't tell what was
 * trimmed.
 */
extern redisContext *redis_connect(const char *server, char *error);

#endif /* INGEST_REDIS_CONNECTION_H */
