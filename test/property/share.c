/*
 * share.c
 *		Property: whoever waits for a worker gets one in time, and what takes long is done in the end.
 *
 * A history is a day of a server: pipelines of some owners, and passes that are due at some time
 * and take some time, or have no end.  It is played second by second; a pass that is ended begins
 * anew.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdio.h>

#include "core/share.h"
#include "property.h"

enum
{
	P_WORKERS,
	P_OWNERS,
	P_PIPELINES,
	P_GRACE,
	P_SLICE
};

#define MAX_PIPELINES 12
#define MAX_PASSES    60
#define ENDLESS       INT64_MAX

/* A pipeline, and what it does. */
typedef struct Pipeline
{
	int64_t due;     /* SZ_SHARE_NEVER: nothing to do */
	int64_t length;  /* of the pass that is due, or done */
	int64_t left;    /* of the pass that is done */
	int64_t arrived; /* of its worker; SZ_SHARE_NEVER: it has none */
	int64_t asked_at;
	int evictions;
	int next_pass; /* in the history */
} Pipeline;

typedef struct Server
{
	const History *history;
	int64_t now;
	Pipeline pipelines[MAX_PIPELINES];
	SzShareClaim claims[MAX_PIPELINES];
	int nclaims;
	int taken; /* workers */
	int64_t without_worker
		[MAX_PIPELINES]; /* of each owner: since when it waits without a worker; SZ_SHARE_NEVER: it does not */
} Server;

/*
 * make_history makes a server and its passes; a step's extra is the pipeline and the length of the
 * pass.
 */
static void
make_history(Random *random, History *history)
{
	uint64_t pipelines = 1 + random_below(random, MAX_PIPELINES);
	bool any_endless = random_one_in(random, 2);

	history->params[P_WORKERS] = 1 + random_below(random, 4);
	history->params[P_OWNERS] = 1 + random_below(random, random_one_in(random, 2) ? pipelines : 3);
	history->params[P_PIPELINES] = pipelines;
	history->params[P_GRACE] = random_below(random, 5);
	history->params[P_SLICE] = random_one_in(random, 4) ? 0 : 1 + random_below(random, 8);
	history->nsteps = (int) random_below(random, MAX_PASSES);
	for (int i = 0; i < history->nsteps; i++)
	{
		uint64_t length =
			random_one_in(random, 6) ? 1 + random_below(random, 100) : 1 + random_below(random, 4);

		if (any_endless && random_one_in(random, 8))
			length = 0;
		history->steps[i].ts = (int64_t) random_below(random, 300);
		history->steps[i].extra = random_below(random, MAX_PIPELINES) << 32 | length;
	}
}

/*
 * owner_of returns the owner of a pipeline.
 */
static uint32_t
owner_of(const Server *server, int pipeline)
{
	return (uint32_t) ((uint64_t) pipeline % server->history->params[P_OWNERS]);
}

/*
 * find_pass has a pipeline that does nothing be due for its next pass.
 */
static void
find_pass(Server *server, int number)
{
	const History *history = server->history;
	Pipeline *pipeline = &server->pipelines[number];

	while (pipeline->due == SZ_SHARE_NEVER && pipeline->next_pass < history->nsteps)
	{
		const Step *step = &history->steps[pipeline->next_pass++];

		if ((step->extra >> 32) % history->params[P_PIPELINES] != (uint64_t) number)
			continue;
		pipeline->due = step->ts;
		pipeline->length =
			(step->extra & 0xFFFFFFFF) == 0 ? ENDLESS : (int64_t) (step->extra & 0xFFFFFFFF);
	}
}

/*
 * look makes the claims.
 */
static void
look(Server *server)
{
	server->nclaims = server->taken = 0;
	for (int i = 0; i < (int) server->history->params[P_PIPELINES]; i++)
	{
		const Pipeline *pipeline = &server->pipelines[i];
		bool has_worker = pipeline->arrived != SZ_SHARE_NEVER;

		if (!has_worker && (pipeline->due == SZ_SHARE_NEVER || pipeline->due > server->now))
			continue;
		server->taken += has_worker;
		server->claims[server->nclaims++] =
			(SzShareClaim){.slot = i,
						   .owner = owner_of(server, i),
						   .has_worker = has_worker,
						   .since = has_worker ? pipeline->arrived : pipeline->due,
						   .busy_since = has_worker ? pipeline->arrived : SZ_SHARE_NEVER,
						   .asked_at = pipeline->asked_at,
						   .evictions = pipeline->evictions};
	}
	sz_share_count(server->claims, server->nclaims);
}

/*
 * workers_of counts an owner's workers.
 */
static int
workers_of(const Server *server, uint32_t owner)
{
	int workers = 0;

	for (int i = 0; i < server->nclaims; i++)
		workers += server->claims[i].has_worker && server->claims[i].owner == owner;
	return workers;
}

/*
 * least_waiting returns the workers of the owner with the fewest of those who wait; -1 where nobody
 * does.
 */
static int
least_waiting(const Server *server)
{
	int least = -1;

	for (int i = 0; i < server->nclaims; i++)
	{
		int workers = workers_of(server, server->claims[i].owner);

		if (!server->claims[i].has_worker && (least < 0 || workers < least))
			least = workers;
	}
	return least;
}

/*
 * give_up ends a pass, which is due again.
 */
static void
give_up(Server *server, int claim)
{
	Pipeline *pipeline = &server->pipelines[server->claims[claim].slot];

	pipeline->arrived = pipeline->asked_at = SZ_SHARE_NEVER;
	pipeline->due = server->now;
}

/*
 * is_oldest tells whether a claim's worker is the one that its owner has had for the longest time,
 * alone.
 */
static bool
is_oldest(const Server *server, int claim)
{
	for (int i = 0; i < server->nclaims; i++)
		if (i != claim && server->claims[i].has_worker &&
			server->claims[i].owner == server->claims[claim].owner &&
			server->claims[i].since <= server->claims[claim].since)
			return false;
	return true;
}

/*
 * check_end checks that a pass that is to be ended may be.
 */
static const char *
check_end(const Server *server, const SzShareDecision *decision)
{
	const SzShareClaim *claim = &server->claims[decision->end];
	int least = least_waiting(server);
	int workers = workers_of(server, claim->owner);
	uint64_t slice = server->history->params[P_SLICE];

	if (least < 0 || !claim->has_worker)
		return "a pass is ended, and nobody waits";
	if (workers <= least)
		return "a pass is ended of an owner with no more workers than the one who waits";
	if (!decision->by_slice && is_oldest(server, decision->end))
		return "an owner's oldest worker is taken away by rule 3";
	if (!decision->by_slice && (workers < least + 2 || decision->ask != decision->end))
		return "a worker is taken away by rule 3 that should not be";
	if (decision->by_slice && (slice == 0 || server->now - claim->busy_since < (int64_t) slice))
		return "a pass is ended before its slice is over";
	return NULL;
}

/*
 * make_room has somebody make room.
 */
static const char *
make_room(Server *server)
{
	SzShareLimits limits = {(int64_t) server->history->params[P_GRACE],
							(int64_t) server->history->params[P_SLICE]};
	SzShareDecision decision =
		sz_share_decide(server->claims, server->nclaims, &limits, server->now);
	const char *wrong = NULL;

	if (decision.end < 0 && decision.next <= server->now)
		return "nothing is decided, and the time for it is over";
	for (int i = 0; i < server->nclaims; i++)
	{
		Pipeline *pipeline = &server->pipelines[server->claims[i].slot];

		if (i != decision.ask)
			pipeline->asked_at = SZ_SHARE_NEVER;
		else if (pipeline->asked_at == SZ_SHARE_NEVER)
			pipeline->asked_at = server->now;
	}
	if (decision.end >= 0)
	{
		wrong = check_end(server, &decision);
		server->pipelines[server->claims[decision.end].slot].evictions += decision.by_slice;
		give_up(server, decision.end);
	}
	return wrong;
}

/*
 * start starts workers, and makes room for them.
 */
static const char *
start(Server *server)
{
	const char *wrong = NULL;
	bool made = false;

	for (;;)
	{
		int next;
		Pipeline *pipeline;

		look(server);
		next = sz_share_next(server->claims, server->nclaims);
		if (next < 0 || wrong != NULL)
			return wrong;
		if (server->claims[next].workers != least_waiting(server))
			return "a worker goes to an owner who has more than another who waits";
		if (server->taken == (int) server->history->params[P_WORKERS])
		{
			if (made)
				return NULL;
			wrong = make_room(server);
			made = true;
			continue;
		}
		pipeline = &server->pipelines[server->claims[next].slot];
		pipeline->arrived = server->now;
		pipeline->left = pipeline->length;
	}
}

/*
 * work lets a second go by.
 */
static void
work(Server *server)
{
	server->now++;
	for (int i = 0; i < (int) server->history->params[P_PIPELINES]; i++)
	{
		Pipeline *pipeline = &server->pipelines[i];

		if (pipeline->arrived == SZ_SHARE_NEVER || pipeline->left == ENDLESS ||
			--pipeline->left > 0)
			continue;
		pipeline->arrived = pipeline->due = pipeline->asked_at = SZ_SHARE_NEVER;
		pipeline->evictions = 0;
		find_pass(server, i);
	}
}

/*
 * count_owners returns how many owners have a worker or wait for one.
 */
static int
count_owners(const Server *server)
{
	uint64_t seen = 0;

	for (int i = 0; i < server->nclaims; i++)
		seen |= (uint64_t) 1 << server->claims[i].owner;
	return __builtin_popcountll(seen);
}

/*
 * check_waits checks that no owner waits without a worker for longer than it should, where there
 * are not more owners than workers.
 */
static const char *
check_waits(Server *server)
{
	bool few = count_owners(server) <= (int) server->history->params[P_WORKERS];

	for (uint32_t owner = 0; owner < server->history->params[P_OWNERS]; owner++)
	{
		bool waits = false;

		for (int i = 0; i < server->nclaims; i++)
			waits |= !server->claims[i].has_worker && server->claims[i].owner == owner;
		if (!few || !waits || workers_of(server, owner) > 0)
			server->without_worker[owner] = SZ_SHARE_NEVER;
		else if (server->without_worker[owner] == SZ_SHARE_NEVER)
			server->without_worker[owner] = server->now;
		/* several may begin to wait at the same time, and are asked for one after the other */
		else if (server->now - server->without_worker[owner] >
				 ((int64_t) server->history->params[P_GRACE] + 1) * MAX_PIPELINES)
			return "an owner waits without a worker";
	}
	return NULL;
}

/*
 * has_endless tells whether an owner has a pass without an end that is due: then nobody keeps him
 * from his own.
 */
static bool
has_endless(const Server *server, uint32_t owner)
{
	for (int i = 0; i < (int) server->history->params[P_PIPELINES]; i++)
		if (owner_of(server, i) == owner && server->pipelines[i].due != SZ_SHARE_NEVER &&
			server->pipelines[i].length == ENDLESS)
			return true;
	return false;
}

/*
 * all_done tells whether nothing is left to do of owners whose passes all have an end.
 */
static bool
all_done(const Server *server)
{
	for (int i = 0; i < (int) server->history->params[P_PIPELINES]; i++)
		if (server->pipelines[i].due != SZ_SHARE_NEVER && !has_endless(server, owner_of(server, i)))
			return false;
	return true;
}

/*
 * check_history plays a history.  With a slice everything that has an end is done; in the time that
 * it takes at most, with the greatest slice for each pass of others.
 */
static const char *
check_history(const History *history)
{
	Server server = {.history = history};
	int64_t slice = (int64_t) history->params[P_SLICE];
	int64_t end = 1000 + 300 * MAX_PASSES +
				  (slice << SZ_SHARE_DOUBLED) * (MAX_PASSES + 1) * (MAX_PIPELINES + 1);
	const char *wrong = NULL;

	for (int i = 0; i < MAX_PIPELINES; i++)
	{
		server.pipelines[i] =
			(Pipeline){SZ_SHARE_NEVER, 0, 0, SZ_SHARE_NEVER, SZ_SHARE_NEVER, 0, 0};
		server.without_worker[i] = SZ_SHARE_NEVER;
		if (i < (int) history->params[P_PIPELINES])
			find_pass(&server, i);
	}
	while (wrong == NULL && server.now < end && !all_done(&server))
	{
		wrong = start(&server);
		if (wrong == NULL)
			wrong = check_waits(&server);
		work(&server);
	}
	if (wrong == NULL && slice > 0 && (slice << SZ_SHARE_DOUBLED) > 100 && !all_done(&server))
		wrong = "something that has an end is never done";
	return wrong;
}

const Property share_property = {
	.name = "share",
	.params = {"workers", "owners", "pipelines", "grace", "slice"},
	.share = 1000,
	.make = make_history,
	.check = check_history,
};
