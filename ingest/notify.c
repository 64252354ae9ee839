/*
 * notify.c
 *		The command notify: a program that does nothing but deliver notices of incidents.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "log.h"
#include "metrics_server.h"
#include "notify.h"
#include "service.h"
#include "webhook.h"

/* The exit status after another program has taken over. */
#define EXIT_FENCED 3

/*
 * wait_for_end waits for a signal, or until the thread that delivers ends by itself.
 */
static int
wait_for_end(const sigset_t *signals)
{
	const struct timespec moment = {.tv_nsec = 100000000};

	while (webhook_ended() == WEBHOOK_RUNS)
		if (sigtimedwait(signals, NULL, &moment) > 0)
			return EXIT_SUCCESS;
	return webhook_ended() == WEBHOOK_REPLACED ? EXIT_FENCED : EXIT_SUCCESS;
}

/*
 * notify_run is the command notify.
 */
int
notify_run(const Options *options)
{
	sigset_t signals;
	int status = 2;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	if (*options->webhook == '\0')
		log_error("there is nobody to notify; give --webhook a URL, such as "
				  "https://alerts.example.com/incidents");
	else if (webhook_start(options) && metrics_server_start(options))
	{
		service_notify("READY=1");
		status = wait_for_end(&signals);
		service_notify("STOPPING=1");
	}
	metrics_server_stop();
	webhook_stop();
	return status;
}
