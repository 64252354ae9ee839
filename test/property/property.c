/*
 * property.c
 *		Runs the properties of the core over random histories, without a server.
 *
 *		property [SEED [COUNT]]
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "property.h"

#define DEFAULT_COUNT 260000

static const Property *const properties[] = {
	&fold_property,          &interval_set_property, &decode_property,      &event_time_property,
	&growth_property,        &hash_property,         &blake2b_property,     &poll_property,
	&step_log_property,      &funnel_property,       &concurrency_property, &sequence_property,
	&sequence_text_property, &node_log_property,     &path_property,        &attribution_property,
	&activity_property,      &share_property,
};

#define NPROPERTIES ((int) (sizeof(properties) / sizeof(properties[0])))

/*
 * random_bits returns 64 random bits (splitmix64).
 */
uint64_t
random_bits(Random *random)
{
	uint64_t z = (random->state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/*
 * random_below returns a number in [0, n).
 */
uint64_t
random_below(Random *random, uint64_t n)
{
	return random_bits(random) % n;
}

/*
 * random_one_in returns true once in n times.
 */
bool
random_one_in(Random *random, uint64_t n)
{
	return random_below(random, n) == 0;
}

/*
 * random_length returns the number of steps of a history.
 */
int
random_length(Random *random)
{
	if (random_one_in(random, 500))
		return (int) random_below(random, MAX_STEPS + 1);
	if (random_one_in(random, 20))
		return (int) random_below(random, 300);
	return (int) random_below(random, 24);
}

/*
 * random_span returns a length of time.
 */
uint64_t
random_span(Random *random)
{
	switch (random_below(random, 8))
	{
		case 0:
			return 0;
		case 1:
			return random_below(random, 3);
		case 2:
		case 3:
			return random_below(random, 100);
		case 4:
			return UINT64_C(1800000000);
		case 5:
			return random_bits(random) >> random_below(random, 64);
		case 6:
			return INT64_MAX;
		default:
			return 10;
	}
}

/*
 * random_time_style chooses a way to choose times; most have about as many gaps as events.
 */
TimeStyle
random_time_style(Random *random, uint64_t gap)
{
	static const int64_t bases[] = {0, INT64_MIN, -INT64_C(211813488000000000),
									INT64_C(757382400000000)};
	TimeStyle style;
	uint64_t scale = gap < 1000 ? gap + 1 : gap;

	style.base = bases[random_below(random, 4)];
	style.width = random_one_in(random, 6) ? 0 : 1 + random_below(random, 40);
	if (style.width != 0)
		style.width = scale > UINT64_MAX / style.width ? 0 : scale * style.width;
	if (style.width != 0 && random_one_in(random, 5))
		style.base =
			(int64_t) ((random_one_in(random, 2) ? (uint64_t) INT64_MAX
												 : (uint64_t) INT64_C(9223371331200000000)) -
					   style.width + 1);
	if (style.width > sz_elapsed(style.base, INT64_MAX))
		style.width = 0;
	return style;
}

/*
 * random_time returns a time chosen in that way.
 */
int64_t
random_time(Random *random, TimeStyle style)
{
	if (style.width == 0)
		return (int64_t) random_bits(random);
	return (int64_t) ((uint64_t) style.base + random_below(random, style.width));
}

/*
 * heap_realloc is the realloc of a TestHeap.
 */
static void *
heap_realloc(void *arg, void *ptr, size_t old_size, size_t new_size)
{
	TestHeap *heap = arg;

	(void) old_size;
	if (heap->countdown > 0 && --heap->countdown == 0)
		return NULL;
	return realloc(ptr, new_size);
}

/*
 * heap_free is the free of a TestHeap.
 */
static void
heap_free(void *arg, void *ptr)
{
	(void) arg;
	free(ptr);
}

/*
 * test_heap_init prepares an allocator that does not fail.
 */
void
test_heap_init(TestHeap *heap)
{
	heap->alloc.realloc = heap_realloc;
	heap->alloc.free = heap_free;
	heap->alloc.arg = heap;
	heap->alloc.max_size = SIZE_MAX / 2;
	heap->alloc.poll = NULL;
	heap->countdown = 0;
}

/*
 * must_malloc is malloc, or the end.
 */
void *
must_malloc(size_t size)
{
	void *result = malloc(size > 0 ? size : 1);

	if (result == NULL)
	{
		perror("malloc");
		exit(2);
	}
	return result;
}

/*
 * shrink takes steps out of a failing history as long as it goes on failing.
 */
static void
shrink(const Property *property, History *history)
{
	History *smaller = must_malloc(sizeof(*smaller));

	for (int chunk = history->nsteps; chunk >= 1; chunk /= 2)
	{
		for (int at = 0; at + chunk <= history->nsteps;)
		{
			*smaller = *history;
			memmove(smaller->steps + at, smaller->steps + at + chunk,
					(size_t) (history->nsteps - at - chunk) * sizeof(Step));
			smaller->nsteps -= chunk;
			if (property->check(smaller) != NULL)
				*history = *smaller;
			else
				at += chunk;
		}
	}
	free(smaller);
}

/*
 * report prints a failing history.
 */
static void
report(const Property *property, const History *history, uint64_t seed)
{
	printf("FAILED: %s: %s\n", property->name, property->check(history));
	printf("seed %" PRIu64 ", shrunk to %d steps\n", seed, history->nsteps);
	for (int i = 0; i < MAX_PARAMS && property->params[i] != NULL; i++)
		printf("  %s = %" PRIu64 " (%" PRId64 ")\n", property->params[i], history->params[i],
			   (int64_t) history->params[i]);
	for (int i = 0; i < history->nsteps; i++)
		printf("  step %d: ts %" PRId64 " extra %" PRIu64 "\n", i, history->steps[i].ts,
			   history->steps[i].extra);
}

/*
 * run checks one property over count histories and exits at the first failure.
 */
static void
run(const Property *property, int number, uint64_t seed, uint64_t count)
{
	History *history = must_malloc(sizeof(*history));
	Random random = {seed * NPROPERTIES + (uint64_t) number};

	for (uint64_t i = 0; i < count; i++)
	{
		memset(history->params, 0, sizeof(history->params));
		history->nsteps = 0;
		property->make(&random, history);
		if (property->check(history) == NULL)
			continue;
		shrink(property, history);
		report(property, history, seed);
		free(history);
		exit(1);
	}
	free(history);
	printf("%s: %" PRIu64 " histories\n", property->name, count);
}

int
main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : (uint64_t) time(NULL);
	uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : DEFAULT_COUNT;
	uint64_t total = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("seed %" PRIu64 " (repeat with: scripts/property %" PRIu64 ")\n", seed, seed);
	for (int i = 0; i < NPROPERTIES; i++)
	{
		uint64_t part = count * (uint64_t) properties[i]->share / 100000;

		run(properties[i], i, seed, part);
		total += part;
	}
	printf("property: %" PRIu64 " histories, 0 failures\n", total);
	return 0;
}
