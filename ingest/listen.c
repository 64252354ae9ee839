/*
 * listen.c
 *		Finding addresses, and listening at them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "listen.h"
#include "log.h"

#define BACKLOG 1024

/*
 * split_listen splits ADDRESS:PORT.
 */
static bool
split_listen(const char *text, char *host, size_t size, const char **port)
{
	const char *colon = strrchr(text, ':');
	size_t length;

	if (colon == NULL || colon[1] == '\0')
		return false;
	length = (size_t) (colon - text);
	if (length >= 2 && *text == '[' && text[length - 1] == ']')
	{
		text++;
		length -= 2;
	}
	if (length >= size)
		return false;
	memcpy(host, text, length);
	host[length] = '\0';
	*port = colon + 1;
	return true;
}

/*
 * listen_addresses finds the addresses of a setting.
 */
struct addrinfo *
listen_addresses(const char *text, char *error)
{
	struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	char host[256];
	const char *port;
	int code;

	if (!split_listen(text, host, sizeof(host), &port))
	{
		snprintf(error, LISTEN_ERROR_SIZE, "\"%s\" is not ADDRESS:PORT", text);
		return NULL;
	}
	code = getaddrinfo(*host == '\0' || strcmp(host, "*") == 0 ? NULL : host, port, &hints, &list);
	if (code == 0)
		return list;
	snprintf(error, LISTEN_ERROR_SIZE, "\"%s\": %s", text, gai_strerror(code));
	return NULL;
}

/*
 * listen_open listens at one address.
 */
int
listen_open(const struct addrinfo *info)
{
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;
	int code;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (info->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	code = errno;
	close(fd);
	errno = code;
	return -1;
}

/*
 * listen_log logs where a socket listens.
 */
void
listen_log(int fd, const char *words, const char *path)
{
	struct sockaddr_storage socket;
	socklen_t length = sizeof(socket);
	char host[NI_MAXHOST];
	char port[NI_MAXSERV];

	if (getsockname(fd, (struct sockaddr *) &socket, &length) == 0 &&
		getnameinfo((struct sockaddr *) &socket, length, host, sizeof(host), port, sizeof(port),
					NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		log_info(socket.ss_family == AF_INET6 ? "%shttp://[%s]:%s%s" : "%shttp://%s:%s%s", words,
				 host, port, path);
}
