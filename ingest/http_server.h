/*
 * http_server.h
 *		The HTTP server: libmicrohttpd with a pool of threads for each address to listen at.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_HTTP_SERVER_H
#define INGEST_HTTP_SERVER_H

#include "collector.h"

typedef struct HttpServer HttpServer;

/*
 * Listen at all addresses of the settings.  NULL, with the reason in error, if one is none or is in
 * use, or if others than this machine could reach it and the settings do not say that they may.
 */
extern HttpServer *http_server_open(Collector *collector, char *error, size_t size);

/* Begin to answer. */
extern bool http_server_start(HttpServer *server);

/* Accept no more connections. */
extern void http_server_quiesce(HttpServer *server);

/* Close all connections; no request may wait for the disk any more. */
extern void http_server_stop(HttpServer *server);

#endif /* INGEST_HTTP_SERVER_H */
