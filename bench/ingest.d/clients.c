/*
 * clients.c
 *		Many HTTP clients at once, each of which sends one event after the other and waits for the
 *		answer: how many are answered 200 in a second, and how long that takes.
 *
 * With -R so many requests are sent in a second, each at its own time, and times are measured from
 * then on, whenever a client was free to send it.  That time is the event's time, in microseconds.
 *
 * Also used by tests that kill the collector: with -r a client whose connection breaks connects
 * again, and with -l the number of each request that was answered 200 is written to a file.  After
 * SIGTERM the time is over.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CLIENTS   4096
#define MAX_REQUEST   16384
#define MAX_ANSWER    8192
#define MAX_LATENCIES (UINT32_C(16) * 1024 * 1024)
#define RETRY_SECONDS 0.02
#define LAST_SECONDS  5 /* how long the last answers are waited for */

typedef struct Client
{
	int fd; /* -1: not connected */
	double retry_at;
	char request[MAX_REQUEST];
	size_t length;
	size_t sent;
	char answer[MAX_ANSWER + 1];
	size_t received;
	uint64_t number;
	double started;
	double due; /* with a rate: when the next request is to be sent */
	bool resting; /* waits until then */
} Client;

static Client clients[MAX_CLIENTS];
static int nclients = 64;
static int port = 8088;
static double seconds = 10;
static size_t body_size = 600;
static double rate; /* requests a second of all clients, 0: as many as there can be */
static bool retry;
static FILE *log_file;

static int epoll;
static double deadline;
static uint64_t next_number;
static uint64_t statuses[600];
static uint64_t broken;
static uint32_t *latencies;
static uint32_t nlatencies;
static volatile sig_atomic_t asked_to_stop;

/*
 * now returns seconds of a clock that only goes forward.
 */
static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

/*
 * write_time writes a time of the clock of now() in ISO 8601.
 */
static void
write_time(double time, char *text, size_t size)
{
	struct timespec today;
	struct tm parts;
	double seconds;
	time_t whole;
	char date[32];

	clock_gettime(CLOCK_REALTIME, &today);
	seconds = (double) today.tv_sec + (double) today.tv_nsec / 1e9 + time - now();
	whole = (time_t) seconds;
	gmtime_r(&whole, &parts);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(text, size, "%s.%06dZ", date, (int) ((seconds - (double) whole) * 1e6));
}

/*
 * on_signal notes that the time is over.
 */
static void
on_signal(int signal)
{
	(void) signal;
	asked_to_stop = 1;
}

/*
 * die ends the program.
 */
static void
die(const char *what)
{
	fprintf(stderr, "clients: %s: %s\n", what, strerror(errno));
	exit(1);
}

/*
 * make_request makes the next request of a client: one event, filled up to its size.
 */
static void
make_request(Client *client)
{
	char body[MAX_REQUEST / 2];
	char time[64];
	int length;

	client->number = next_number++;
	client->started = rate > 0 ? client->due : now();
	write_time(client->started, time, sizeof(time));
	length = snprintf(body, sizeof(body),
					  "{\"type\":\"page\",\"messageId\":\"m-%llu\",\"anonymousId\":\"a-%llu\","
					  "\"timestamp\":\"%s\","
					  "\"name\":\"Home\",\"properties\":{\"url\":\"http://shop.example/\",\"fill\":\"",
					  (unsigned long long) client->number,
					  (unsigned long long) client->number % 1000, time);
	while ((size_t) length + 3 < body_size && (size_t) length + 4 < sizeof(body))
		body[length++] = 'x';
	length += snprintf(body + length, sizeof(body) - (size_t) length, "\"}}");
	client->length = (size_t) snprintf(
		client->request, sizeof(client->request),
		"POST /v1/p HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
		"Origin: http://shop.example\r\nUser-Agent: clients\r\nContent-Length: %d\r\n\r\n%s",
		length, body);
}

/*
 * watch says what a client waits for.
 */
static void
watch(Client *client, int operation, bool writing)
{
	struct epoll_event event = {.events = writing ? EPOLLIN | EPOLLOUT : EPOLLIN};

	event.data.ptr = client;
	if (epoll_ctl(epoll, operation, client->fd, &event) != 0)
		die("epoll_ctl");
}

/*
 * begin_request makes the next request of a client if it is time to; else the client rests.
 */
static void
begin_request(Client *client)
{
	client->resting = rate > 0 && client->due > now();
	client->length = client->sent = client->received = 0;
	if (client->resting)
		return;
	make_request(client);
	client->due += rate > 0 ? nclients / rate : 0;
}

/*
 * open_client connects a client.
 */
static void
open_client(Client *client)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};
	int on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (client->fd < 0)
		die("socket");
	setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(client->fd, (struct sockaddr *) &address, sizeof(address)) != 0 &&
		errno != EINPROGRESS)
	{
		close(client->fd);
		client->fd = -1;
		client->retry_at = now() + RETRY_SECONDS;
		return;
	}
	begin_request(client);
	watch(client, EPOLL_CTL_ADD, true);
}

/*
 * break_client handles a connection that ended before an answer.
 */
static void
break_client(Client *client)
{
	if (!retry)
		die("a connection broke");
	broken++;
	close(client->fd);
	client->fd = -1;
	client->retry_at = now() + RETRY_SECONDS;
}

/*
 * send_some sends as much of the request as can be.
 */
static bool
send_some(Client *client)
{
	while (client->sent < client->length)
	{
		ssize_t n = send(client->fd, client->request + client->sent, client->length - client->sent,
						 MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN)
			return true;
		if (n <= 0)
			return false;
		client->sent += (size_t) n;
	}
	return true;
}

/*
 * send_next makes the next request of a client and sends it, if it is time to.
 */
static bool
send_next(Client *client)
{
	begin_request(client);
	if (!send_some(client))
		return false;
	if (client->sent < client->length)
		watch(client, EPOLL_CTL_MOD, true);
	return true;
}

/*
 * answer_status returns the status of an answer that is there in full, or 0.
 */
static int
answer_status(Client *client)
{
	char *end;
	char *length;

	client->answer[client->received] = '\0';
	end = strstr(client->answer, "\r\n\r\n");
	if (end == NULL)
		return 0;
	length = strcasestr(client->answer, "content-length:");
	if (length == NULL || length > end ||
		(size_t) (end + 4 - client->answer) + strtoul(length + 15, NULL, 10) > client->received)
		return 0;
	return atoi(client->answer + 9);
}

/*
 * count_answer counts an answer.
 */
static void
count_answer(Client *client, int status)
{
	statuses[status % 600]++;
	if (status != 200)
		return;
	if (nlatencies < MAX_LATENCIES)
		latencies[nlatencies++] = (uint32_t) ((now() - client->started) * 1e6);
	if (log_file != NULL)
		fprintf(log_file, "%llu\n", (unsigned long long) client->number);
}

/*
 * receive_some receives what is there, and goes on to the next request after an answer.
 */
static bool
receive_some(Client *client)
{
	ssize_t n =
		recv(client->fd, client->answer + client->received, MAX_ANSWER - client->received, 0);
	int status;

	if (n < 0)
		return errno == EAGAIN;
	if (n == 0)
		return false;
	client->received += (size_t) n;
	status = answer_status(client);
	if (status == 0)
		return client->received < MAX_ANSWER;
	count_answer(client, status);
	if (now() >= deadline)
	{
		close(client->fd);
		client->fd = -1;
		return true;
	}
	/* when asked to come again later, later is soon here */
	if (status == 503)
		usleep(1000);
	return send_next(client);
}

/*
 * handle goes on with a client.
 */
static void
handle(Client *client, uint32_t events)
{
	bool good = true;

	if (client->fd < 0)
		return;
	if (events & EPOLLOUT)
	{
		good = send_some(client);
		if (good && client->sent == client->length)
			watch(client, EPOLL_CTL_MOD, false);
	}
	if (good && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)))
		good = receive_some(client);
	if (!good)
		break_client(client);
}

/*
 * connect_again opens the clients whose connection broke, until the time is over.  It returns how
 * many are connected.
 */
static int
connect_again(void)
{
	int connected = 0;

	for (int i = 0; i < nclients; i++)
	{
		if (clients[i].fd < 0 && now() >= clients[i].retry_at && now() < deadline)
			open_client(&clients[i]);
		connected += clients[i].fd >= 0;
	}
	return connected;
}

/*
 * wake_rested sends the requests whose time has come; at the end a client that rests is done.
 */
static void
wake_rested(void)
{
	for (int i = 0; i < nclients; i++)
	{
		Client *client = &clients[i];

		if (client->fd < 0 || !client->resting)
			continue;
		if (now() >= deadline)
		{
			close(client->fd);
			client->fd = -1;
		}
		else if (!send_next(client))
			break_client(client);
	}
}

/*
 * run sends for a time, and waits for the last answers.
 */
static double
run(void)
{
	struct epoll_event events[256];
	double start = now();

	deadline = start + seconds;
	for (int i = 0; i < nclients; i++)
	{
		clients[i].due = rate > 0 ? start + i / rate : 0;
		open_client(&clients[i]);
	}
	while (now() < deadline || (connect_again() > 0 && now() < deadline + LAST_SECONDS))
	{
		int n = epoll_wait(epoll, events, 256, rate > 0 ? 1 : 20);

		if (asked_to_stop && now() < deadline)
			deadline = now();
		for (int i = 0; i < n; i++)
			handle(events[i].data.ptr, events[i].events);
		if (rate > 0)
			wake_rested();
		if (retry)
			connect_again();
	}
	return now() - start;
}

/*
 * compare_latencies orders times.
 */
static int
compare_latencies(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *) a;
	uint32_t y = *(const uint32_t *) b;

	return (x > y) - (x < y);
}

/*
 * report writes what came out.
 */
static void
report(double took)
{
	qsort(latencies, nlatencies, sizeof(uint32_t), compare_latencies);
	printf("sent\t%llu\nbroken\t%llu\nper_second\t%.0f\n", (unsigned long long) next_number,
		   (unsigned long long) broken, (double) statuses[200] / took);
	for (int s = 0; s < 600; s++)
		if (statuses[s] > 0)
			printf("status_%d\t%llu\n", s, (unsigned long long) statuses[s]);
	if (nlatencies > 0)
		printf("p50_ms\t%.2f\np99_ms\t%.2f\nmax_ms\t%.2f\n", latencies[nlatencies / 2] / 1e3,
			   latencies[(uint64_t) nlatencies * 99 / 100] / 1e3, latencies[nlatencies - 1] / 1e3);
}

/*
 * main reads the arguments.
 */
int
main(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "p:c:s:b:l:n:R:r")) != -1)
		switch (option)
		{
			case 'p':
				port = atoi(optarg);
				break;
			case 'c':
				nclients = atoi(optarg);
				break;
			case 's':
				seconds = atof(optarg);
				break;
			case 'b':
				body_size = strtoul(optarg, NULL, 10);
				break;
			case 'n':
				next_number = strtoull(optarg, NULL, 10);
				break;
			case 'l':
				log_file = fopen(optarg, "a");
				break;
			case 'R':
				rate = atof(optarg);
				break;
			case 'r':
				retry = true;
				break;
			default:
				fprintf(stderr, "usage: clients [-p PORT] [-c CLIENTS] [-s SECONDS] [-b BYTES of a "
								"body] [-n FIRST NUMBER] [-R REQUESTS a second] [-l LOG] [-r]\n");
				return 2;
		}
	signal(SIGTERM, on_signal);
	epoll = epoll_create1(0);
	latencies = malloc(MAX_LATENCIES * sizeof(uint32_t));
	if (epoll < 0 || latencies == NULL || nclients < 1 || nclients > MAX_CLIENTS)
		die("start");
	report(run());
	if (log_file != NULL && fclose(log_file) != 0)
		die("log");
	return 0;
}
