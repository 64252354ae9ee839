/*
 * service.c
 *		systemd's protocol for services of the type notify: a datagram to $NOTIFY_SOCKET.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "service.h"

/*
 * service_notify sends a line.
 */
void
service_notify(const char *line)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = path != NULL ? strlen(path) : 0;
	int fd;

	if (length == 0 || length >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, length);
	/* a socket without a file */
	if (address.sun_path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, line, strlen(line), MSG_NOSIGNAL, (struct sockaddr *) &address,
			   (socklen_t) (offsetof(struct sockaddr_un, sun_path) + length)) < 0)
		log_warning("could not tell the service manager: %s", line);
	close(fd);
}
