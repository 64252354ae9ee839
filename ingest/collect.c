/*
 * collect.c
 *		Starting and stopping a collector.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "collect.h"
#include "collect_parts.h"
#include "collector.h"
#include "connections.h"
#include "http_server.h"
#include "keys.h"
#include "log.h"
#include "metrics.h"
#include "service.h"

#define SPARE_FILES  64
#define LAST_SECONDS 10 /* how long requests may take to finish after SIGTERM */

/*
 * check_settings looks at settings that depend on more than themselves.
 */
static bool
check_settings(Collector *collector)
{
	const Options *options = collector->options;
	const OptionList *proxies = &options->trusted_proxies;
	char error[OPTIONS_ERROR_SIZE];

	if (!keys_check(options, error, sizeof(error)))
	{
		log_error("%s", error);
		return false;
	}
	collector->proxies = calloc(proxies->count + 1, sizeof(AddressRange));
	for (size_t i = 0; collector->proxies != NULL && i < proxies->count; i++)
		if (!address_range_parse(proxies->values[i], &collector->proxies[i]))
		{
			log_error("trusted-proxy: \"%s\" is neither an address nor ADDRESS/BITS",
					  proxies->values[i]);
			return false;
		}
	return collector->proxies != NULL;
}

/*
 * allow_files lets the process have as many connections as the settings say.
 */
static void
allow_files(const Options *options)
{
	rlim_t wanted = (rlim_t) options->max_connections + SPARE_FILES;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < wanted)
		log_warning("the system allows %llu open files, fewer than max-connections = %lld needs",
					(unsigned long long) limit.rlim_cur, (long long) options->max_connections);
}

/*
 * begin_to_keep opens the place where requests are kept, and begins to write to it.
 */
static bool
begin_to_keep(Collector *collector)
{
	collector->sink = sink_open(collector->options);
	if (collector->sink != NULL)
		collector->group = group_commit_start(collector->sink);
	return collector->group != NULL;
}

/*
 * block_signals leaves the signals that end the program to wait_for_end().
 */
static void
block_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, signals, NULL);
}

/*
 * wait_for_end waits for a signal, or for some seconds if they are not negative, and looks after
 * slow connections.  It returns whether a signal came.
 */
static bool
wait_for_end(Collector *collector, const sigset_t *signals, int64_t seconds)
{
	struct timespec second = {.tv_sec = 1};

	for (int64_t i = 0; seconds < 0 || i < seconds; i++)
	{
		size_t slow;

		if (sigtimedwait(signals, NULL, &second) > 0)
			return true;
		slow = connections_close_slow((double) collector->options->request_timeout);
		for (size_t n = 0; n < slow; n++)
			metrics_timed_out();
		if (slow > 0)
			log_debug("%zu connections took too long to send a request", slow);
	}
	return false;
}

/*
 * wait_for_requests waits until each request was answered, or for too long.
 */
static void
wait_for_requests(Collector *collector)
{
	struct timespec moment = {.tv_nsec = 5000000};

	for (int i = 0; i < LAST_SECONDS * 200 && atomic_load(&collector->open) > 0; i++)
		nanosleep(&moment, NULL);
}

/*
 * finish ends the collector: no longer ready; then no more connections; then what came in full is
 * kept and answered.
 */
static void
finish(Collector *collector, HttpServer *server, const sigset_t *signals)
{
	log_info("stopping: no longer ready");
	atomic_store(&collector->stopping, true);
	service_notify("STOPPING=1");
	wait_for_end(collector, signals, collector->options->drain);
	atomic_store(&collector->closing, true);
	http_server_quiesce(server);
	wait_for_requests(collector);
	group_commit_stop(collector->group);
	wait_for_requests(collector);
	http_server_stop(server);
	collect_parts_stop();
}

/*
 * serve answers requests until a signal comes.
 */
static int
serve(Collector *collector, HttpServer *server, const sigset_t *signals)
{
	bool started = collect_parts_start(collector->options) && http_server_start(server);

	if (started)
	{
		service_notify("READY=1");
		wait_for_end(collector, signals, -1);
	}
	finish(collector, server, signals);
	return started ? EXIT_SUCCESS : EXIT_FAILURE;
}

/*
 * collect_run runs a collector.
 */
int
collect_run(const Options *options)
{
	Collector collector = {.options = options};
	HttpServer *server = NULL;
	char error[OPTIONS_ERROR_SIZE] = "out of memory";
	sigset_t signals;
	int status = EXIT_FAILURE;

	block_signals(&signals);
	if (!check_settings(&collector))
		status = 2;
	else if ((server = http_server_open(&collector, error, sizeof(error))) == NULL)
		log_error("%s", error);
	else if (!begin_to_keep(&collector))
		http_server_stop(server);
	else
	{
		allow_files(options);
		status = serve(&collector, server, &signals);
	}
	sink_close(collector.sink);
	free(collector.proxies);
	return status;
}
