/*
 * concurrency.c
 *		Property: a sweep counts in each bucket what counting every session does.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdlib.h>
#include <string.h>

#include "core/concurrency.h"
#include "property.h"

#define MAX_SPANS   200
#define MAX_BUCKETS 400

enum
{
	P_LENGTH,
	P_ORIGIN,
	P_SPLIT, /* sessions from here on go into a second log, which is merged */
	P_CUT,
	P_FLIP,
	P_FAIL, /* the allocation that fails */
	P_LIMIT
};

/*
 * make_spans makes a history of starts, with how long each session lasts.
 */
static void
make_spans(Random *random, History *history)
{
	uint64_t length = random_one_in(random, 4) ? 1 + random_span(random) % INT64_MAX
											   : 1 + random_below(random, 30);
	TimeStyle style = random_time_style(random, length < 1000 ? random_below(random, 20) : length);
	uint64_t longest = 1 + random_below(random, 1 + 3 * (length < 1000 ? length : 1000));

	history->params[P_LENGTH] = length;
	history->params[P_ORIGIN] =
		random_one_in(random, 3) ? random_bits(random) : random_below(random, 50);
	history->nsteps = random_length(random) % (MAX_SPANS + 1);
	for (int i = 0; i < history->nsteps; i++)
	{
		int64_t ts = random_time(random, style);
		uint64_t most = sz_elapsed(ts, INT64_MAX);
		uint64_t lasts =
			random_one_in(random, 50) ? random_span(random) : random_below(random, longest);

		history->steps[i].ts = ts;
		history->steps[i].extra = lasts < most ? lasts : most;
	}
	history->params[P_SPLIT] = random_below(random, (uint64_t) history->nsteps + 1);
	history->params[P_CUT] = random_one_in(random, 3) ? random_below(random, 60) : 0;
	history->params[P_FLIP] = random_one_in(random, 2) ? 1 + random_below(random, 40 * 16 * 8) : 0;
	history->params[P_FAIL] = random_one_in(random, 4) ? 1 + random_below(random, 6) : 0;
	history->params[P_LIMIT] = random_one_in(random, 6) ? random_below(random, 60) : UINT32_MAX;
}

typedef struct Span
{
	int64_t start;
	int64_t end;
} Span;

/*
 * open_at returns how many sessions are open at a time.
 */
static uint32_t
open_at(const Span *spans, int n, __int128 ts)
{
	uint32_t open = 0;

	for (int i = 0; i < n; i++)
		open += spans[i].start <= ts && spans[i].end >= ts;
	return open;
}

/*
 * check_bucket compares a bucket with a count of every session in it.
 */
static const char *
check_bucket(const Span *spans, int n, const SzBucket *bucket, uint64_t length)
{
	__int128 from = bucket->start;
	__int128 to = from + (__int128) length;
	uint32_t started = 0;
	uint32_t active = 0;
	uint32_t peak = open_at(spans, n, from);

	for (int i = 0; i < n; i++)
	{
		bool starts = spans[i].start >= from && spans[i].start < to;

		started += starts;
		active += spans[i].start < to && spans[i].end >= from;
		/* as many as at any time are open when one starts, or else when the bucket does */
		if (starts && open_at(spans, n, spans[i].start) > peak)
			peak = open_at(spans, n, spans[i].start);
	}
	if (bucket->started != started)
		return "sessions that started are miscounted";
	if (bucket->active != active)
		return "active sessions are miscounted";
	return bucket->peak == peak ? NULL : "the peak is wrong";
}

/*
 * check_sweep sweeps over a log and compares each bucket.
 */
static const char *
check_sweep(const History *history, const SzSpanLog *log, const Span *spans, int n)
{
	SzBuckets buckets = {history->params[P_LENGTH], (int64_t) history->params[P_ORIGIN]};
	const char *wrong = NULL;
	__int128 first = INT64_MAX;
	__int128 last = INT64_MIN;
	__int128 next;
	SzSweep sweep;
	SzBucket bucket;

	for (int i = 0; i < n; i++)
	{
		first = spans[i].start < first ? spans[i].start : first;
		last = spans[i].end > last ? spans[i].end : last;
	}
	next = (first - buckets.origin) % (__int128) buckets.length;
	next = first - (next < 0 ? next + (__int128) buckets.length : next);
	if (sz_sweep_begin(&sweep, log, buckets) != SZ_OK)
		return n > 0 && next < INT64_MIN ? NULL : "a sweep did not begin";
	if (n == 0)
		return sz_sweep_next(&sweep, &bucket) ? "there is a bucket without a session" : NULL;
	if (sweep.buckets != (uint64_t) ((last - next) / (__int128) buckets.length) + 1)
		return "the number of buckets is wrong";
	for (int i = 0; i < MAX_BUCKETS && wrong == NULL && sz_sweep_next(&sweep, &bucket); i++)
	{
		wrong = bucket.start == next ? check_bucket(spans, n, &bucket, buckets.length)
									 : "a bucket begins at the wrong time";
		next += (__int128) buckets.length;
	}
	if (wrong == NULL && sweep.buckets == 0 && (next <= last || sz_sweep_next(&sweep, &bucket)))
		wrong = "a sweep ends at the wrong time";
	return wrong;
}

/*
 * check_changes walks over a log's changes and compares each with a count of what is open then and right
 * before; and all the times at which there may be one with the walk.
 */
static const char *
check_changes(const SzSpanLog *log, const Span *spans, int n)
{
	SzChanges changes = {log, 0, 0};
	__int128 previous = INT64_MIN;
	int expected = 0;
	int64_t at;
	uint32_t open;

	for (int i = 0; i < 2 * n; i++)
	{
		__int128 ts = i < n ? spans[i].start : (__int128) spans[i - n].end + 1;
		bool again = ts > INT64_MAX || open_at(spans, n, ts) == open_at(spans, n, ts - 1);

		for (int j = 0; j < i && !again; j++)
			again = ts == (j < n ? spans[j].start : (__int128) spans[j - n].end + 1);
		expected += !again;
	}
	for (; sz_changes_next(&changes, &at, &open); expected--)
	{
		if (at < previous || open != open_at(spans, n, at) ||
			open == open_at(spans, n, (__int128) at - 1))
			return "a change is none, or another one";
		previous = (__int128) at + 1;
	}
	return expected == 0 ? NULL : "changes are missing";
}

/*
 * check_codec encodes a sorted log, does the bytes harm as the history says, and decodes them.
 */
static const char *
check_codec(const History *history, const SzSpanLog *log, TestHeap *heap)
{
	size_t len = sz_span_log_encoded_size(log);
	unsigned char *bytes = must_malloc(len);
	unsigned char *exact;
	unsigned char *again;
	bool harmed = history->params[P_CUT] > 0 && len > 0;
	const char *wrong = NULL;
	SzSpanLog copy;
	SzStatus status;

	sz_span_log_encode(log, bytes);
	if (history->params[P_FLIP] > 0 && history->params[P_FLIP] <= len * 8)
	{
		bytes[(history->params[P_FLIP] - 1) / 8] ^=
			(unsigned char) (1 << (history->params[P_FLIP] - 1) % 8);
		harmed = true;
	}
	len -= len < history->params[P_CUT] ? len : history->params[P_CUT];
	exact = must_malloc(len);
	again = must_malloc(len);
	memcpy(exact, bytes, len);
	sz_span_log_init(&copy);
	status = sz_span_log_decode(&copy, exact, len, &heap->alloc);
	if (status == SZ_OK)
	{
		for (uint32_t i = 0; i < copy.count; i++)
		{
			if (copy.starts[i] > copy.ends[i] ||
				(i > 0 && (copy.starts[i] < copy.starts[i - 1] || copy.ends[i] < copy.ends[i - 1])))
				wrong = "bytes were taken that no log encodes to";
		}
		if (sz_span_log_encoded_size(&copy) == len)
			sz_span_log_encode(&copy, again);
		if (sz_span_log_encoded_size(&copy) != len || memcmp(again, exact, len) != 0)
			wrong = "bytes were taken that encode to others";
	}
	else if (status != SZ_BAD_STATE || !harmed)
		wrong = "bytes were refused that an encoder wrote";
	sz_span_log_free(&copy, &heap->alloc);
	free(again);
	free(exact);
	free(bytes);
	return wrong;
}

/*
 * fill adds the sessions [from, to) of a history to a log, and lists those that are in it.
 */
static const char *
fill(const History *history, int from, int to, SzSpanLog *log, TestHeap *heap, Span *spans, int *n)
{
	for (int i = from; i < to; i++)
	{
		Span span = {history->steps[i].ts,
					 (int64_t) ((uint64_t) history->steps[i].ts + history->steps[i].extra)};
		SzStatus status = sz_span_log_add(log, span.start, span.end,
										  (uint32_t) history->params[P_LIMIT], &heap->alloc);

		if (status == SZ_OK)
			spans[(*n)++] = span;
		else if (status == SZ_TOO_LARGE ? log->count < history->params[P_LIMIT]
										: heap->countdown != 0)
			return "a session was refused without a reason";
	}
	return log->count <= history->params[P_LIMIT] ? NULL : "a log is larger than its limit";
}

/*
 * check_concurrency fills two logs, merges and sorts them, and compares.
 */
static const char *
check_concurrency(const History *history)
{
	Span spans[MAX_SPANS];
	int split = (int) history->params[P_SPLIT] < history->nsteps ? (int) history->params[P_SPLIT]
																 : history->nsteps;
	int n = 0;
	int merged;
	const char *wrong;
	TestHeap heap;
	SzSpanLog log;
	SzSpanLog other;

	test_heap_init(&heap);
	heap.countdown = (int) history->params[P_FAIL];
	sz_span_log_init(&log);
	sz_span_log_init(&other);
	wrong = fill(history, 0, split, &log, &heap, spans, &n);
	merged = n;
	if (wrong == NULL)
		wrong = fill(history, split, history->nsteps, &other, &heap, spans, &merged);
	if (sz_span_log_merge(&log, &other, (uint32_t) history->params[P_LIMIT], &heap.alloc) == SZ_OK)
		n = merged;
	if (sz_span_log_sort(&log, &heap.alloc) != SZ_OK)
		sz_span_log_sort(&log, &heap.alloc);
	heap.countdown = 0;
	if (wrong == NULL)
		wrong = check_sweep(history, &log, spans, n);
	if (wrong == NULL)
		wrong = check_changes(&log, spans, n);
	if (wrong == NULL)
		wrong = check_codec(history, &log, &heap);
	sz_span_log_free(&log, &heap.alloc);
	sz_span_log_free(&other, &heap.alloc);
	return wrong;
}

const Property concurrency_property = {
	"concurrency",
	{"length", "origin", "split", "bytes cut off", "bit flipped", "failing allocation", "limit",
	 NULL},
	40000,
	make_spans,
	check_concurrency,
};
