/*
 * http_fuzz.c
 *		A collector in this process, to which the bytes of an input are sent over a connection.
 *
 * The first byte says in how many parts they are sent.  "Content-Length: #" becomes the length of
 * what follows the headers, so that bodies may be changed.  The collector has to answer or to close
 * the connection; it never answers 500; afterwards it holds no memory, and what it has kept are
 * whole requests, as many as it counts, of which the database can read the headers.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "collector.h"
#include "frame.h"
#include "fuzz.h"
#include "http_server.h"
#include "json_check.h"
#include "log.h"
#include "metrics.h"
#include "spool_read.h"
#include "unit.h"

#define MAX_ANSWER         65536
#define WAIT_SECONDS       10
#define PORT_SECONDS       90 /* longer than a port is kept for packets that come late */
#define QUIET_MILLISECONDS 3
#define ROUNDS             256 /* inputs between two looks at the counters */

static Options options;
static Collector collector = {.options = &options};
static struct sockaddr_in address = {.sin_family = AF_INET};
static HttpServer *server;
static SpoolReader *reader;
static char *directory;
static uint64_t kept; /* requests that were read from the spool */
static char error[SPOOL_ERROR_SIZE];

/*
 * choose_port finds a free port.
 */
static void
choose_port(void)
{
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	expect(fd >= 0 && bind(fd, (struct sockaddr *) &address, size) == 0 &&
			   getsockname(fd, (struct sockaddr *) &address, &size) == 0,
		   "no free port");
	close(fd);
}

/*
 * stop stops the collector and removes what it has kept.
 */
static void
stop(void)
{
	http_server_quiesce(server);
	group_commit_stop(collector.group);
	http_server_stop(server);
	spool_reader_close(reader);
	sink_close(collector.sink);
	remove_directory(directory);
	free(directory);
	free(collector.proxies);
	options_free(&options);
}

/*
 * fuzz_prepare starts the collector.
 */
void
fuzz_prepare(void)
{
	char listen[64];
	char spool[512];
	char *arguments[] = {listen,
						 spool,
						 "--threads=1",
						 "--write-key=shop:WK",
						 "--max-body=16kB",
						 "--max-inflated=64kB",
						 "--max-headers=8kB",
						 "--idle-timeout=1",
						 "--max-connections-per-address=100000",
						 "--trusted-proxy=127.0.0.1"};

	log_set_level(LOG_LEVEL_NONE);
	choose_port();
	directory = new_directory();
	snprintf(listen, sizeof(listen), "--listen=127.0.0.1:%d", ntohs(address.sin_port));
	snprintf(spool, sizeof(spool), "--spool=%s", directory);
	options_init(&options);
	expect(options_read(&options, sizeof(arguments) / sizeof(arguments[0]), arguments, error), "%s",
		   error);
	collector.proxies = calloc(1, sizeof(AddressRange));
	address_range_parse(options.trusted_proxies.values[0], collector.proxies);
	collector.sink = sink_open(&options);
	expect(collector.sink != NULL, "no spool");
	collector.group = group_commit_start(collector.sink);
	server = http_server_open(&collector, error, sizeof(error));
	expect(server != NULL && http_server_start(server), "no server: %s", error);
	reader = spool_reader_open(directory, 0, error);
	expect(reader != NULL, "%s", error);
	atexit(stop);
}

/*
 * with_length copies bytes, with the length of what follows the headers in place of the sign.
 */
static char *
with_length(const char *bytes, size_t length, size_t *size)
{
	static const char sign[] = "Content-Length: #";
	const char *at = memmem(bytes, length, sign, sizeof(sign) - 1);
	const char *body = memmem(bytes, length, "\r\n\r\n", 4);
	char *copy = malloc(length + 32);
	size_t before;

	if (at == NULL || body == NULL || at > body)
	{
		memcpy(copy, bytes, length);
		*size = length;
		return copy;
	}
	before = (size_t) (at - bytes) + sizeof(sign) - 2;
	memcpy(copy, bytes, before);
	*size = before + (size_t) sprintf(copy + before, "%zu", length - (size_t) (body + 4 - bytes));
	memcpy(copy + *size, bytes + before + 1, length - before - 1);
	*size += length - before - 1;
	return copy;
}

/*
 * send_parts sends bytes in parts, unless the other side has closed the connection, and a moment
 * later ends the sending half of it: an end that comes along with the last bytes is noticed by
 * libmicrohttpd only after the time for idle connections.
 */
static void
send_parts(int fd, const char *bytes, size_t size, unsigned parts)
{
	const struct timespec moment = {.tv_nsec = 300000};

	for (size_t at = 0; at < size;)
	{
		size_t part = size / parts + 1 < size - at ? size / parts + 1 : size - at;

		if (send(fd, bytes + at, part, MSG_NOSIGNAL) < 0)
			break;
		at += part;
	}
	nanosleep(&moment, NULL);
	shutdown(fd, SHUT_WR);
}

/*
 * read_answers reads until the other side closes the connection or, once there is an answer, says no
 * more: it may keep a connection open of which we have closed our half.
 */
static size_t
read_answers(int fd, char *answer)
{
	size_t length = 0;
	ssize_t n = 1;

	while (length < MAX_ANSWER && n > 0)
	{
		struct pollfd readable = {.fd = fd, .events = POLLIN};
		bool is_answered = memmem(answer, length, "\r\n\r\n", 4) != NULL;

		if (poll(&readable, 1, is_answered ? QUIET_MILLISECONDS : WAIT_SECONDS * 1000) == 0)
		{
			expect(is_answered, "neither an answer nor an end after %d seconds", WAIT_SECONDS);
			break;
		}
		n = recv(fd, answer + length, MAX_ANSWER - length, 0);
		length += n > 0 ? (size_t) n : 0;
	}
	return length;
}

/*
 * open_connection connects to the collector.  So many connections in a minute may use up the ports
 * of this side for a moment; one becomes free when an earlier connection is forgotten.
 */
static int
open_connection(void)
{
	const struct timespec moment = {.tv_nsec = 100000000};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int result = -1;

	expect(fd >= 0, "no socket: %s", strerror(errno));
	for (int i = 0; i < PORT_SECONDS * 10 && result != 0; i++)
	{
		result = connect(fd, (struct sockaddr *) &address, sizeof(address));
		if (result != 0 && errno == EADDRNOTAVAIL)
			nanosleep(&moment, NULL);
		else
			break;
	}
	expect(result == 0, "no connection: %s", strerror(errno));
	return fd;
}

/*
 * talk sends bytes over a connection of its own and reads what is answered.
 */
static size_t
talk(const char *bytes, size_t size, unsigned parts, char *answer)
{
	int fd = open_connection();
	size_t length;

	send_parts(fd, bytes, size, parts);
	length = read_answers(fd, answer);
	close(fd);
	return length;
}

/*
 * check_answer checks that bytes begin with an answer that is not our fault.
 */
static void
check_answer(const char *answer, size_t length)
{
	if (length == 0)
		return;
	expect(length > 12 && memcmp(answer, "HTTP/1.", 7) == 0, "no answer: %.*s", (int) length,
		   answer);
	expect(memcmp(answer + 9, "50", 2) != 0 || memcmp(answer + 9, "501", 3) == 0 ||
			   memcmp(answer + 9, "505", 3) == 0,
		   "it answers that we are at fault: %.*s", (int) length, answer);
}

/*
 * check_kept checks a request that was kept.
 */
static void
check_kept(const Frame *frame)
{
	char *headers = strndup(frame->headers, frame->headers_length);
	size_t at;

	expect(strlen(headers) == frame->headers_length &&
			   json_check(headers, frame->headers_length, false, NULL, 0, &at) == NULL,
		   "headers that are no JSON: %s", headers);
	expect(strstr(headers, "\"authorization\":") == NULL && strstr(headers, "\"cookie\":") == NULL,
		   "secrets are kept: %s", headers);
	expect(strstr(headers, "\":source\": \"shop\"") != NULL, "without its source: %s", headers);
	if (frame->body_length > 0 && memcmp(frame->protocol, "cloud", 5) != 0)
		expect(json_check((const char *) frame->body, frame->body_length,
						  memcmp(frame->protocol, "generic", 7) == 0, NULL, 0, &at) == NULL,
			   "a body that is no JSON is kept");
	free(headers);
}

/*
 * read_kept reads what was kept since the last time.
 */
static void
read_kept(void)
{
	SpoolBatch batch;
	Frame frame;
	size_t size;

	while (spool_reader_next(reader, &batch, 1 << 20) == 1)
	{
		expect(batch.damaged == 0, "the spool is damaged");
		for (size_t at = 0; at < batch.length; at += size, kept++)
		{
			expect(frame_decode(batch.bytes + at, batch.length - at, &frame, &size) == FRAME_WHOLE,
				   "a part of a request");
			check_kept(&frame);
		}
		spool_delete_below(directory, batch.next);
	}
}

/*
 * wait_for_rest waits until the collector is done with all requests.
 */
static void
wait_for_rest(void)
{
	const struct timespec moment = {.tv_nsec = 100000};

	for (int i = 0; i < WAIT_SECONDS * 10000 && atomic_load(&collector.open) > 0; i++)
		nanosleep(&moment, NULL);
	expect(atomic_load(&collector.open) == 0, "a request does not end");
	expect(atomic_load(&collector.in_flight) == 0, "memory is still held");
}

/*
 * check_counters compares what is counted with what was kept.
 */
static void
check_counters(void)
{
	static const char name[] = "\npg_sessionize_ingest_group_requests_total ";
	MetricsGauges gauges = {0};
	Text page = {0};
	const char *at;

	metrics_write(&page, &gauges, true);
	at = strstr(page.data, name);
	expect(at != NULL && strtoull(at + sizeof(name) - 1, NULL, 10) == kept,
		   "%llu requests were kept", (unsigned long long) kept);
	text_free(&page);
}

/*
 * fuzz_one sends what an input has.
 */
void
fuzz_one(const unsigned char *bytes, size_t length)
{
	static char answer[MAX_ANSWER];
	static unsigned rounds;
	Input input = {bytes, length};
	unsigned parts = 1 + take_byte(&input) % 4;
	size_t size;
	char *copy = with_length((const char *) input.bytes, input.length, &size);

	check_answer(answer, talk(copy, size, parts, answer));
	free(copy);
	wait_for_rest();
	read_kept();
	if (++rounds % ROUNDS == 0)
		check_counters();
}
