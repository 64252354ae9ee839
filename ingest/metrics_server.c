/*
 * metrics_server.c
 *		A small HTTP server with one page.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>

#include "address.h"
#include "listen.h"
#include "load_metrics.h"
#include "log.h"
#include "metrics.h"
#include "metrics_server.h"
#include "webhook.h"

#define MAX_CONNECTIONS 16
#define IDLE_SECONDS    10

static struct MHD_Daemon *server;

/*
 * answer sends a text.
 */
static enum MHD_Result
answer(struct MHD_Connection *http, unsigned status, const char *type, Text *text)
{
	struct MHD_Response *response =
		text->failed
			? NULL
			: MHD_create_response_from_buffer(text->length, text->data, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result = MHD_NO;

	if (response != NULL)
	{
		MHD_add_response_header(response, "Content-Type", type);
		MHD_add_response_header(response, "Cache-Control", "no-store");
		result = MHD_queue_response(http, status, response);
		MHD_destroy_response(response);
	}
	text_free(text);
	return result;
}

/*
 * handle answers a request.
 */
static enum MHD_Result
handle(void *arg, struct MHD_Connection *http, const char *url, const char *method,
	   const char *version, const char *bytes, size_t *length, void **state)
{
	const char *accept = MHD_lookup_connection_value(http, MHD_HEADER_KIND, "accept");
	bool openmetrics = accept != NULL && strstr(accept, "application/openmetrics-text") != NULL;
	Text text = {0};

	(void) arg;
	(void) version;
	(void) bytes;
	/* the first call is before the body: bodies are of no interest */
	if (*state == NULL || *length > 0)
	{
		*state = &server;
		*length = 0;
		return MHD_YES;
	}
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
	{
		text_put(&text, "no such method here\n");
		return answer(http, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain", &text);
	}
	if (strcmp(url, "/metrics") == 0)
	{
		load_metrics_write(&text, openmetrics);
		webhook_metrics_write(&text, openmetrics);
		metrics_end(&text, openmetrics);
		return answer(http, MHD_HTTP_OK, metrics_type(openmetrics), &text);
	}
	text_put(&text, strcmp(url, "/health") == 0 ? "ok\n" : "there is nothing at this path\n");
	return answer(http, strcmp(url, "/health") == 0 ? MHD_HTTP_OK : MHD_HTTP_NOT_FOUND,
				  "text/plain", &text);
}

/*
 * open_first listens at the first address that a setting stands for, if the settings let others
 * reach it; -1, with a log line, if it can't.
 */
static int
open_first(const Options *options)
{
	char error[LISTEN_ERROR_SIZE];
	struct addrinfo *list = listen_addresses(options->metrics_listen, error);
	Address address;
	int fd = -1;

	if (list == NULL)
	{
		log_error("metrics-listen: %s", error);
		return -1;
	}
	address = address_of_socket(list->ai_addr);
	if (!options->metrics_for_all && !address_is_loopback(&address))
		log_error("metrics-listen: at %s other machines could read the metrics; listen at "
				  "127.0.0.1, or say metrics-for-all = on",
				  options->metrics_listen);
	else if ((fd = listen_open(list)) < 0)
		log_error("metrics-listen: could not listen at %s: %s", options->metrics_listen,
				  strerror(errno));
	freeaddrinfo(list);
	return fd;
}

/*
 * metrics_server_start begins to answer.
 */
bool
metrics_server_start(const Options *options)
{
	int fd;

	if (*options->metrics_listen == '\0')
		return true;
	fd = open_first(options);
	if (fd < 0)
		return false;
	server = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, handle, NULL,
							  MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_TIMEOUT,
							  (unsigned) IDLE_SECONDS, MHD_OPTION_CONNECTION_LIMIT,
							  (unsigned) MAX_CONNECTIONS, MHD_OPTION_END);
	if (server == NULL)
	{
		log_error("the server for metrics did not start: %s", strerror(errno));
		(void) close(fd);
		return false;
	}
	listen_log(fd, "metrics at ", "/metrics");
	return true;
}

/*
 * metrics_server_stop ends it.
 */
void
metrics_server_stop(void)
{
	if (server != NULL)
		MHD_stop_daemon(server);
	server = NULL;
}
