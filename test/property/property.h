/*
 * property.h
 *		What the properties share: random numbers, random histories, and how a property is declared.
 *
 * A property makes a history from a stream of random numbers and checks it.  Checking depends on the
 * history alone, so that a failing one can be shrunk.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef PROPERTY_H
#define PROPERTY_H

#include "core/interval_set.h"

#define MAX_STEPS  4000
#define MAX_PARAMS 8

typedef struct Random
{
	uint64_t state;
} Random;

typedef struct Step
{
	int64_t ts;
	uint64_t extra; /* what else there is to the event; its meaning is the property's own */
} Step;

typedef struct History
{
	uint64_t params[MAX_PARAMS];
	int nsteps;
	Step steps[MAX_STEPS];
} History;

typedef struct Property
{
	const char *name;
	const char *params[MAX_PARAMS]; /* names, for the report of a failure */
	int share;                      /* histories for each 100000 that are asked for */
	void (*make)(Random *random, History *history);
	const char *(*check)(const History *history); /* what is wrong, or NULL */
} Property;

extern const Property fold_property;
extern const Property interval_set_property;
extern const Property decode_property;
extern const Property event_time_property;
extern const Property growth_property;
extern const Property hash_property;
extern const Property blake2b_property;
extern const Property poll_property;
extern const Property step_log_property;
extern const Property funnel_property;
extern const Property concurrency_property;
extern const Property activity_property;
extern const Property sequence_property;
extern const Property sequence_text_property;
extern const Property node_log_property;
extern const Property path_property;
extern const Property attribution_property;
extern const Property share_property;

extern uint64_t random_bits(Random *random);
extern uint64_t random_below(Random *random, uint64_t n);
extern bool random_one_in(Random *random, uint64_t n);

/* The number of steps of a history: mostly a few, sometimes many. */
extern int random_length(Random *random);

/* A length of time: nothing, little, half an hour, or as much as there is. */
extern uint64_t random_span(Random *random);

/*
 * A way to choose times, chosen at random: within a narrow or wide range, in the present or at either
 * end of what timestamptz or int64_t hold, or anywhere.
 */
typedef struct TimeStyle
{
	int64_t base;
	uint64_t width; /* 0: the whole of int64_t */
} TimeStyle;

extern TimeStyle random_time_style(Random *random, uint64_t gap);
extern int64_t random_time(Random *random, TimeStyle style);

/* An allocator over malloc; while countdown > 0 it counts down, and at 1 it fails. */
typedef struct TestHeap
{
	SzAllocator alloc;
	int countdown;
} TestHeap;

extern void test_heap_init(TestHeap *heap);

/* malloc that does not return NULL, not for size 0 either. */
extern void *must_malloc(size_t size);

/* The encoded form of a normalized set, in memory of just that size. */
extern unsigned char *encode_to_the_byte(const SzIntervalSet *set, size_t *len);

#endif /* PROPERTY_H */
