/*
 * sink.c
 *		Choosing where requests are kept.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "log.h"
#include "sink.h"
#include "spool_file.h"

/*
 * tell_left_spool warns of a spool from before the collector kept requests with a broker: nobody
 * loads it any more.
 */
static void
tell_left_spool(const char *directory)
{
	SegmentList list = {NULL, 0};
	char error[SPOOL_ERROR_SIZE];

	if (!segment_list_read(directory, &list, error))
		return;
	if (list.count > 0)
		log_warning("the directory \"%s\" has a spool, which this collector neither writes nor "
					"loads; run the command load with the settings name and spool to load what is "
					"left of it, then delete it",
					directory);
	segment_list_free(&list);
}

/*
 * sink_open opens the sink that the settings name.
 */
Sink *
sink_open(const Options *options)
{
	bool redis = *options->to_redis != '\0';
	bool kafka = *options->to_kafka != '\0';

	if (redis && kafka)
	{
		log_error("to-redis and to-kafka can't both be given: a request is kept in one place");
		return NULL;
	}
	if (redis || kafka)
		tell_left_spool(options->spool);
	if (redis)
		return redis_sink_open(options);
	return kafka ? kafka_sink_open(options) : spool_sink_open(options);
}

/*
 * sink_close closes it; NULL is no sink.
 */
void
sink_close(Sink *sink)
{
	if (sink != NULL)
		sink->kind->close(sink);
}
