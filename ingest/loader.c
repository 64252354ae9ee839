/*
 * loader.c
 *		A loader: a thread that takes requests from one source into the events table.
 *
 * The database says where to go on, and nobody else: after an error and after a lost connection the
 * position is read, and the source is opened there again.  So a batch whose commit is in doubt is
 * sent again if, and only if, it was not committed.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "load_database.h"
#include "load_metrics.h"
#include "loader.h"
#include "log.h"
#include "spool_file.h"

/* Milliseconds. */
#define WAIT_AT_MOST  500
#define FIRST_BACKOFF 100
#define LAST_BACKOFF  30000

/* Batches are not made smaller than this while something fails. */
#define LEAST_BATCH 1024

struct Loader
{
	LoaderSettings settings;
	LoadSource *source;
	LoadDatabase *database;
	pthread_t thread;
	atomic_bool stop;
	atomic_bool ended;
	LoaderEnd end;
	LoadCounters counters;
	char position[LOAD_POSITION_SIZE];   /* up to which all is committed */
	char read_to[LOAD_POSITION_SIZE];    /* up to which batches were sent */
	char (*sent_to)[LOAD_POSITION_SIZE]; /* the next position of each batch on its way: a ring */
	int first_sent;
	size_t batch_bytes; /* smaller than the setting after errors */
	int backoff;
	time_t backlog_at;
	unsigned seed;
};

/*
 * stopping tells whether the loader is to end.
 */
static bool
stopping(const Loader *loader)
{
	return atomic_load(&loader->stop);
}

/*
 * note_backlog notes, now and then, what the source has that is not loaded.
 */
static void
note_backlog(Loader *loader)
{
	time_t now = time(NULL);

	if (now == loader->backlog_at)
		return;
	loader->backlog_at = now;
	atomic_store(&loader->counters.backlog,
				 loader->source->kind->backlog(loader->source, loader->position));
}

/*
 * note_pending notes how many batches the database has not answered.
 */
static void
note_pending(Loader *loader)
{
	atomic_store(&loader->counters.pending, (uint64_t) load_database_pending(loader->database));
}

/*
 * rest waits before the next attempt, each time about twice as long.
 */
static void
rest(Loader *loader)
{
	int left = loader->backoff / 2 + rand_r(&loader->seed) % (loader->backoff / 2 + 1);

	note_backlog(loader);
	loader->backoff = loader->backoff * 2 > LAST_BACKOFF ? LAST_BACKOFF : loader->backoff * 2;
	while (left > 0 && !stopping(loader))
	{
		int part = left < 100 ? left : 100;
		struct timespec time = {.tv_sec = 0, .tv_nsec = part * 1000000L};

		nanosleep(&time, NULL);
		left -= part;
	}
}

/*
 * note_position notes up to where all is committed, as a number.
 */
static void
note_position(Loader *loader)
{
	atomic_store(&loader->counters.position, strtoull(loader->position, NULL, 10));
}

/*
 * complain logs an error, counts it, and says why nothing is loaded until that is over.
 */
static void
complain(Loader *loader, LoadWait wait, const char *what, const char *error)
{
	atomic_fetch_add(&loader->counters.errors, 1);
	atomic_store(&loader->counters.wait, wait);
	log_error("loader of \"%s\" from source \"%s\": %s: %s", loader->source->partition,
			  loader->source->name, what, error);
}

/*
 * committed notes that the oldest batch is committed.
 */
static void
committed(Loader *loader, const DatabaseCounts *counts)
{
	snprintf(loader->position, sizeof(loader->position), "%s", loader->sent_to[loader->first_sent]);
	loader->first_sent = (loader->first_sent + 1) % loader->settings.depth;
	atomic_fetch_add(&loader->counters.batches, 1);
	atomic_fetch_add(&loader->counters.requests, (uint64_t) counts->requests);
	atomic_fetch_add(&loader->counters.rows, (uint64_t) counts->rows);
	atomic_fetch_add(&loader->counters.rejected, (uint64_t) counts->rejected);
	if (counts->rejected > 0)
		log_warning("%lld requests from source \"%s\" were rejected: see "
					"sessionize.rejected_requests",
					(long long) counts->rejected, loader->source->name);
	atomic_store(&loader->counters.loaded_at, spool_clock());
	atomic_store(&loader->counters.wait, LOAD_WAITS_NOT);
	note_position(loader);
	loader->backoff = FIRST_BACKOFF;
	if (loader->batch_bytes < loader->settings.batch_bytes)
		loader->batch_bytes *= 2;
	loader->source->kind->loaded(loader->source, loader->position);
	note_backlog(loader);
}

/*
 * receive waits for the oldest batch.
 */
static DatabaseResult
receive(Loader *loader)
{
	DatabaseCounts counts;
	DatabaseResult result = load_database_receive(loader->database, &counts);

	note_pending(loader);
	if (result == DATABASE_OK)
		committed(loader, &counts);
	return result;
}

/*
 * drain waits for all batches that are on their way.
 */
static DatabaseResult
drain(Loader *loader)
{
	DatabaseResult first = DATABASE_OK;

	while (load_database_pending(loader->database) > 0)
	{
		DatabaseResult result = receive(loader);

		/* those after one that has failed fail for it */
		if (first == DATABASE_OK)
			first = result;
		if (result == DATABASE_LOST)
			return result;
	}
	return first;
}

/*
 * wait_of returns why a loader waits after a result that is not success.
 */
static LoadWait
wait_of(DatabaseResult result)
{
	switch (result)
	{
		case DATABASE_FENCED:
			return LOAD_WAITS_FENCED;
		case DATABASE_LOST:
			return LOAD_WAITS_CONNECTION;
		case DATABASE_MOVED:
			return LOAD_WAITS_MOVED;
		case DATABASE_BUSY:
			return LOAD_WAITS_BUSY;
		default:
			return LOAD_WAITS_REFUSED;
	}
}

/*
 * explain says in words what a result means that is not success.
 */
static const char *
explain(DatabaseResult result)
{
	switch (result)
	{
		case DATABASE_FENCED:
			return "another loader has taken over; this one stops";
		case DATABASE_LOST:
			return "no connection to the database";
		case DATABASE_MOVED:
			return "the position was moved";
		case DATABASE_BUSY:
			return "the database could not take a batch now";
		default:
			return "the database refuses a batch";
	}
}

/*
 * after_error handles a result that is not success: false if the loader has to end.  Batches that
 * were sent after the one that failed fail as well.
 */
static bool
after_error(Loader *loader, DatabaseResult result)
{
	complain(loader, wait_of(result), explain(result), load_database_error(loader->database));
	if (result == DATABASE_FENCED)
	{
		loader->end = LOADER_FENCED;
		return false;
	}
	if (result == DATABASE_LOST || drain(loader) == DATABASE_LOST)
	{
		load_database_close(loader->database);
		atomic_store(&loader->counters.connected, false);
		note_pending(loader);
	}
	/* whatever it is that the server can't do, it is less of a smaller batch */
	else if (loader->batch_bytes / 2 >= LEAST_BATCH)
		loader->batch_bytes /= 2;
	rest(loader);
	return true;
}

/*
 * go_on has the connection open, and the source at the position that the database has.
 */
static bool
go_on(Loader *loader)
{
	while (!stopping(loader))
	{
		DatabaseResult result = load_database_open(loader->database, loader->position);

		if (result == DATABASE_OK)
		{
			atomic_store(&loader->counters.connected, true);
			snprintf(loader->read_to, sizeof(loader->read_to), "%s", loader->position);
			note_position(loader);
			if (loader->source->kind->open(loader->source, loader->position))
				return true;
			complain(loader, LOAD_WAITS_SOURCE, "can't read", loader->source->error);
			rest(loader);
		}
		else if (!after_error(loader, result))
			return false;
	}
	return false;
}

/*
 * note_gap records what is lost, and moves the position to where it is over.
 */
static DatabaseResult
note_gap(Loader *loader, const LoadBatch *batch)
{
	DatabaseResult result = drain(loader);

	if (result != DATABASE_OK)
		return result;
	log_error("requests of \"%s\" from source \"%s\" are lost: %s", loader->source->partition,
			  loader->source->name, batch->gap);
	result = load_database_gap(loader->database, loader->read_to, batch->gap_to, batch->gap);
	if (result != DATABASE_OK)
		return result;
	atomic_fetch_add(&loader->counters.gaps, 1);
	snprintf(loader->read_to, sizeof(loader->read_to), "%s", batch->gap_to);
	snprintf(loader->position, sizeof(loader->position), "%s", batch->gap_to);
	return DATABASE_OK;
}

/*
 * send_batch sends a batch.
 */
static DatabaseResult
send_batch(Loader *loader, const LoadBatch *batch)
{
	DatabaseResult result;
	int place;

	if (batch->gap[0] != '\0' && (result = note_gap(loader, batch)) != DATABASE_OK)
		return result;
	if (batch->frames == 0)
		return DATABASE_OK;
	place = (loader->first_sent + load_database_pending(loader->database)) % loader->settings.depth;
	if (!load_database_send(loader->database, loader->read_to, batch))
		return DATABASE_LOST;
	snprintf(loader->sent_to[place], LOAD_POSITION_SIZE, "%s", batch->next);
	snprintf(loader->read_to, sizeof(loader->read_to), "%s", batch->next);
	note_pending(loader);
	/* the database may take its time to answer */
	if (load_database_pending(loader->database) == 1)
		loader->backlog_at = 0;
	note_backlog(loader);
	return DATABASE_OK;
}

/*
 * step reads and sends one batch, or waits for one.  *idle: there was nothing to do.
 */
static DatabaseResult
step(Loader *loader, bool *idle)
{
	int pending = load_database_pending(loader->database);
	SourceState state = SOURCE_NOTHING;
	LoadBatch batch;

	*idle = false;
	if (pending < loader->settings.depth && !stopping(loader))
		state = loader->source->kind->next(loader->source, &batch, loader->batch_bytes);
	if (state == SOURCE_BATCH)
		return send_batch(loader, &batch);
	if (state == SOURCE_NOTHING && pending == 0)
		atomic_store(&loader->counters.wait, LOAD_WAITS_NOT);
	if (state == SOURCE_ERROR)
	{
		complain(loader, LOAD_WAITS_SOURCE, "can't read", loader->source->error);
		rest(loader);
		return drain(loader);
	}
	if (pending > 0)
		return receive(loader);
	*idle = true;
	return DATABASE_OK;
}

/*
 * may_end tells whether a loader that has nothing to do ends.
 */
static bool
may_end(Loader *loader)
{
	if (stopping(loader))
		return true;
	if (!loader->settings.until_end)
		return false;
	loader->end = LOADER_AT_END;
	return true;
}

/*
 * run loads until the loader has to end.
 */
static void
run(Loader *loader)
{
	while (go_on(loader))
	{
		DatabaseResult result = DATABASE_OK;
		bool idle = false;

		loader->first_sent = 0;
		while ((result = step(loader, &idle)) == DATABASE_OK)
		{
			if (idle && may_end(loader))
				return;
			if (idle)
				note_backlog(loader);
			if (idle)
				loader->source->kind->wait(loader->source, WAIT_AT_MOST);
		}
		if (!after_error(loader, result))
			return;
	}
}

/*
 * thread_main is the loader's thread.
 */
static void *
thread_main(void *arg)
{
	Loader *loader = arg;

	run(loader);
	atomic_store(&loader->counters.connected, false);
	load_database_close(loader->database);
	atomic_store(&loader->ended, true);
	return NULL;
}

/*
 * free_loader frees a loader.
 */
static void
free_loader(Loader *loader)
{
	load_metrics_remove(&loader->counters);
	load_database_free(loader->database);
	load_source_free(loader->source);
	free(loader->sent_to);
	free(loader);
}

/*
 * start_thread starts the thread, which leaves signals to others.
 */
static bool
start_thread(Loader *loader)
{
	sigset_t all;
	sigset_t before;
	int result;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	result = pthread_create(&loader->thread, NULL, thread_main, loader);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result == 0;
}

/*
 * loader_start starts a loader.
 */
Loader *
loader_start(const LoaderSettings *settings, LoadSource *source)
{
	Loader *loader = calloc(1, sizeof(Loader));

	if (loader == NULL || source == NULL)
	{
		free(loader);
		load_source_free(source);
		return NULL;
	}
	loader->settings = *settings;
	loader->source = source;
	loader->batch_bytes = settings->batch_bytes;
	loader->backoff = FIRST_BACKOFF;
	loader->seed = (unsigned) time(NULL);
	loader->end = LOADER_STOPPED;
	loader->sent_to = calloc((size_t) settings->depth, LOAD_POSITION_SIZE);
	loader->database =
		load_database_create(settings->database, settings->events, source, &loader->stop);
	atomic_store(&loader->counters.backlog, -1);
	load_metrics_add(&loader->counters, source);
	if (loader->sent_to != NULL && loader->database != NULL && start_thread(loader))
		return loader;
	free_loader(loader);
	return NULL;
}

/*
 * loader_stop asks the loader to end.
 */
void
loader_stop(Loader *loader)
{
	atomic_store(&loader->stop, true);
}

/*
 * loader_has_ended tells whether it has ended.
 */
bool
loader_has_ended(Loader *loader)
{
	return atomic_load(&loader->ended);
}

/*
 * loader_finish waits for the loader's end.
 */
LoaderEnd
loader_finish(Loader *loader)
{
	LoaderEnd end;

	pthread_join(loader->thread, NULL);
	end = loader->end;
	free_loader(loader);
	return end;
}
