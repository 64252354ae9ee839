/*
 * listen.h
 *		Sockets that listen at an address of the settings.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_LISTEN_H
#define INGEST_LISTEN_H

#include <netdb.h>
#include <sys/socket.h>

#define LISTEN_ERROR_SIZE 512

/*
 * The addresses that ADDRESS:PORT, [ADDRESS]:PORT or :PORT stands for, to be freed by
 * freeaddrinfo(); NULL, with the reason in LISTEN_ERROR_SIZE bytes of error, if it is none.
 */
extern struct addrinfo *listen_addresses(const char *text, char *error);

/* Listen at one of them; -1, with errno, if that fails. */
extern int listen_open(const struct addrinfo *info);

/* Log where a socket listens, with the port that it has got: words, http://ADDRESS:PORT, path. */
extern void listen_log(int fd, const char *words, const char *path);

#endif /* INGEST_LISTEN_H */
