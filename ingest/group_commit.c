/*
 * group_commit.c
 *		Group commit: while one group is on its way, the next one gathers.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <pthread.h>
#include <stdlib.h>

#include "group_commit.h"
#include "log.h"
#include "metrics.h"
#include "steady_clock.h"

#define MAX_GROUP       2048
#define MAX_GROUP_BYTES ((size_t) 16 * 1024 * 1024)

struct GroupCommit
{
	Sink *sink;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	Waiting *first;
	Waiting **last; /* where the next one is linked */
	bool stopping;
	struct iovec frames[MAX_GROUP];
	SinkStatus outcomes[MAX_GROUP];
};

/*
 * take_group waits for requests and takes as many as may go together; NULL when there will be no
 * more.
 */
static Waiting *
take_group(GroupCommit *group, size_t *count, size_t *length)
{
	Waiting *first;
	Waiting **end;

	pthread_mutex_lock(&group->lock);
	while (group->first == NULL && !group->stopping)
		pthread_cond_wait(&group->changed, &group->lock);
	first = group->first;
	end = &first;
	*count = *length = 0;
	while (*end != NULL && *count < MAX_GROUP &&
		   (*count == 0 || *length + (*end)->length <= MAX_GROUP_BYTES))
	{
		group->frames[(*count)++] = (struct iovec){(*end)->frame, (*end)->length};
		*length += (*end)->length;
		end = &(*end)->next;
	}
	group->first = *end;
	*end = NULL;
	if (group->first == NULL)
		group->last = &group->first;
	pthread_mutex_unlock(&group->lock);
	return first;
}

/*
 * finish tells all of a group what became of it.
 */
static void
finish(Waiting *first, const SinkStatus *outcome)
{
	while (first != NULL)
	{
		/* once it is told it may be gone */
		Waiting *next = first->next;

		first->status = *outcome++;
		first->done(first);
		first = next;
	}
}

/*
 * append hands a group to the sink, and returns how many of its requests are not kept.
 */
static size_t
append(GroupCommit *group, size_t count, size_t length)
{
	size_t lost = 0;

	for (size_t i = 0; i < count; i++)
		group->outcomes[i] = SINK_FAILED;
	group->sink->kind->append(group->sink, group->frames, count, length, group->outcomes);
	for (size_t i = 0; i < count; i++)
		lost += group->outcomes[i] != SINK_KEPT;
	return lost;
}

/*
 * write_groups is the thread.
 */
static void *
write_groups(void *arg)
{
	GroupCommit *group = arg;
	Waiting *first;
	size_t count;
	size_t length;

	while ((first = take_group(group, &count, &length)) != NULL)
	{
		double start = steady_seconds();
		size_t lost = append(group, count, length);

		if (lost > 0)
			log_error("%s; %zu of %zu requests are refused", group->sink->error, lost, count);
		metrics_group(steady_seconds() - start, count, lost > 0);
		finish(first, group->outcomes);
	}
	return NULL;
}

/*
 * group_commit_start begins the thread.
 */
GroupCommit *
group_commit_start(Sink *sink)
{
	GroupCommit *group = calloc(1, sizeof(GroupCommit));

	if (group == NULL)
		return NULL;
	group->sink = sink;
	group->last = &group->first;
	pthread_mutex_init(&group->lock, NULL);
	pthread_cond_init(&group->changed, NULL);
	if (pthread_create(&group->thread, NULL, write_groups, group) == 0)
		return group;
	free(group);
	return NULL;
}

/*
 * group_commit_submit hands over a request.
 */
bool
group_commit_submit(GroupCommit *group, Waiting *waiting)
{
	bool accepted;

	waiting->next = NULL;
	pthread_mutex_lock(&group->lock);
	accepted = !group->stopping;
	if (accepted)
	{
		if (group->first == NULL)
			pthread_cond_signal(&group->changed);
		*group->last = waiting;
		group->last = &waiting->next;
	}
	pthread_mutex_unlock(&group->lock);
	return accepted;
}

/*
 * group_commit_stop ends the thread.
 */
void
group_commit_stop(GroupCommit *group)
{
	pthread_mutex_lock(&group->lock);
	group->stopping = true;
	pthread_cond_signal(&group->changed);
	pthread_mutex_unlock(&group->lock);
	pthread_join(group->thread, NULL);
	pthread_mutex_destroy(&group->lock);
	pthread_cond_destroy(&group->changed);
	free(group);
}
