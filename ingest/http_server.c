/*
 * http_server.c
 *		Sockets, and what libmicrohttpd calls.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>

#include "connections.h"
#include "http_server.h"
#include "listen.h"
#include "log.h"
#include "metrics.h"
#include "request.h"

#define MAX_SOCKETS 16

typedef struct Listener
{
	int fd;
	struct MHD_Daemon *daemon;
} Listener;

struct HttpServer
{
	Collector *collector;
	Listener listeners[MAX_SOCKETS];
	size_t count;
	char *error;
	size_t size;
};

/*
 * fail notes why the server can't be opened.
 */
static bool __attribute__((format(printf, 2, 3))) fail(HttpServer *server, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(server->error, server->size, format, args);
	va_end(args);
	return false;
}

/*
 * begin_request is called with a request's first line.
 */
static void *
begin_request(void *arg, const char *target, struct MHD_Connection *http)
{
	return request_begin(arg, http, target);
}

/*
 * handle is called with a request's headers, with each part of its body, when it is there in full,
 * and when it goes on after it waited.
 */
static enum MHD_Result
handle(void *arg, struct MHD_Connection *http, const char *url, const char *method,
	   const char *version, const char *bytes, size_t *length, void **state)
{
	Request *request = *state;
	enum MHD_Result result;

	(void) arg;
	(void) http;
	(void) url;
	(void) version;
	if (request == NULL)
		return MHD_NO;
	switch (request->state)
	{
		case REQUEST_NEW:
			return request_headers(request, method);
		case REQUEST_READING:
			if (*length == 0)
				return request_received(request);
			result = request_take(request, bytes, *length);
			*length = 0;
			return result;
		case REQUEST_WAITING:
			return request_answer(request);
		case REQUEST_ANSWERED:
			break;
	}
	return MHD_YES;
}

/*
 * end_request is called when a request was answered or its connection is gone.
 */
static void
end_request(void *arg, struct MHD_Connection *http, void **state,
			enum MHD_RequestTerminationCode code)
{
	(void) arg;
	(void) http;
	(void) code;
	if (*state != NULL)
		request_end(*state);
	*state = NULL;
}

/*
 * may_connect is called for a new connection.
 */
static enum MHD_Result
may_connect(void *arg, const struct sockaddr *socket, socklen_t length)
{
	Collector *collector = arg;
	Address address = address_of_socket(socket);
	size_t limit = (size_t) collector->options->max_connections_per_address;

	(void) length;
	if (address_in(&address, collector->proxies, collector->options->trusted_proxies.count) ||
		connections_may_accept(&address, limit))
		return MHD_YES;
	metrics_refused_connection();
	return MHD_NO;
}

/*
 * end_connection ends a connection.  Of a request whose headers fill the memory for them, as many
 * cookies do, the library does not tell that it is over.
 */
static void
end_connection(Connection *connection)
{
	Request *request = connection_request(connection);

	if (request != NULL)
		request_end(request);
	connection_closed(connection);
}

/*
 * connection_changed is called when a connection begins and ends.
 */
static void
connection_changed(void *arg, struct MHD_Connection *http, void **context,
				   enum MHD_ConnectionNotificationCode code)
{
	const union MHD_ConnectionInfo *info;
	Address address;
	int fd;

	(void) arg;
	if (code == MHD_CONNECTION_NOTIFY_CLOSED)
	{
		if (*context != NULL)
			end_connection(*context);
		*context = NULL;
		return;
	}
	info = MHD_get_connection_info(http, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	address = address_of_socket(info != NULL ? info->client_addr : NULL);
	info = MHD_get_connection_info(http, MHD_CONNECTION_INFO_CONNECTION_FD);
	fd = info != NULL ? info->connect_fd : -1;
	*context = fd < 0 ? NULL : connection_opened(fd, &address);
}

/*
 * log_http logs what the library says, which is about clients and not about us.
 */
static void
log_http(void *arg, const char *format, va_list args)
{
	char line[512];

	(void) arg;
	vsnprintf(line, sizeof(line), format, args);
	log_debug("http: %s", line);
}

/*
 * may_listen returns whether the settings let others reach an address.
 */
static bool
may_listen(HttpServer *server, const struct addrinfo *info, const char *text)
{
	const Options *options = server->collector->options;
	Address address = address_of_socket(info->ai_addr);

	if (options->write_keys.count > 0 || options->open_to_all || address_is_loopback(&address))
		return true;
	return fail(server,
				"listen: at %s other machines could send events, and no write key is set. Set "
				"write-key = SOURCE:KEY, listen at 127.0.0.1, or say open-to-all = on",
				text);
}

/*
 * listen_at listens at all addresses of one value of the setting.
 */
static bool
listen_at(HttpServer *server, const char *text)
{
	char why[LISTEN_ERROR_SIZE];
	struct addrinfo *list = listen_addresses(text, why);
	bool done = list != NULL;

	if (!done)
		return fail(server, "listen: %s", why);
	for (struct addrinfo *info = list; done && info != NULL; info = info->ai_next)
	{
		int fd;

		done = may_listen(server, info, text);
		if (!done)
			break;
		fd = server->count < MAX_SOCKETS ? listen_open(info) : -1;
		if (fd < 0)
			done = fail(server, "could not listen at %s: %s", text, strerror(errno));
		else
			server->listeners[server->count++] = (Listener){.fd = fd};
	}
	freeaddrinfo(list);
	return done;
}

/*
 * http_server_open listens at all addresses.
 */
HttpServer *
http_server_open(Collector *collector, char *error, size_t size)
{
	HttpServer *server = calloc(1, sizeof(HttpServer));
	const OptionList *list = &collector->options->listen;
	bool done = true;

	if (server == NULL)
		return NULL;
	*server = (HttpServer){.collector = collector, .error = error, .size = size};
	for (size_t i = 0; done && i < list->count; i++)
		done = listen_at(server, list->values[i]);
	if (done)
		return server;
	http_server_stop(server);
	return NULL;
}

/*
 * start_listener begins to answer at one address.
 */
static bool
start_listener(HttpServer *server, Listener *listener)
{
	Collector *collector = server->collector;
	const Options *options = collector->options;
	unsigned threads = (unsigned) options->threads;

	listener->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0,
		may_connect, collector, handle, collector, MHD_OPTION_EXTERNAL_LOGGER, log_http, NULL,
		MHD_OPTION_LISTEN_SOCKET, listener->fd, MHD_OPTION_THREAD_POOL_SIZE,
		threads > 1 ? threads : 0u, MHD_OPTION_URI_LOG_CALLBACK, begin_request, collector,
		MHD_OPTION_NOTIFY_COMPLETED, end_request, NULL, MHD_OPTION_NOTIFY_CONNECTION,
		connection_changed, NULL, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned) options->idle_timeout,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned) options->max_connections,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) options->max_headers,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (listener->daemon == NULL)
		log_error("the HTTP server did not start: %s", strerror(errno));
	else
		listen_log(listener->fd, "listening at ", "");
	return listener->daemon != NULL;
}

/*
 * http_server_start begins to answer.
 */
bool
http_server_start(HttpServer *server)
{
	for (size_t i = 0; i < server->count; i++)
		if (!start_listener(server, &server->listeners[i]))
			return false;
	return true;
}

/*
 * http_server_quiesce accepts no more connections.
 */
void
http_server_quiesce(HttpServer *server)
{
	for (size_t i = 0; i < server->count; i++)
		if (server->listeners[i].daemon != NULL && server->listeners[i].fd >= 0)
		{
			MHD_quiesce_daemon(server->listeners[i].daemon);
			close(server->listeners[i].fd);
			server->listeners[i].fd = -1;
		}
}

/*
 * http_server_stop closes all.
 */
void
http_server_stop(HttpServer *server)
{
	for (size_t i = 0; i < server->count; i++)
	{
		Listener *listener = &server->listeners[i];

		if (listener->daemon != NULL)
			MHD_stop_daemon(listener->daemon);
		else if (listener->fd >= 0)
			close(listener->fd);
	}
	free(server);
}
