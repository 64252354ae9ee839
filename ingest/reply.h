/*
 * reply.h
 *		Answers, with what browsers want to see in them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_REPLY_H
#define INGEST_REPLY_H

#include "request.h"
#include "text.h"

/* An answer; the bytes stay where they are. */
extern enum MHD_Result
reply_static(Request *request, unsigned status, const char *type, const char *body, size_t length);

/* An answer whose bytes are the text's, which is empty afterwards. */
extern enum MHD_Result reply_text(Request *request, unsigned status, const char *type, Text *body);

/* An error, with a sentence that says what is wrong. */
extern enum MHD_Result reply_error(Request *request, unsigned status, const char *why);

/* What a tracker of the request's protocol expects when its events are kept. */
extern enum MHD_Result reply_kept(Request *request);

/* The answer to a browser that asks whether it may send what it wants to send. */
extern enum MHD_Result reply_preflight(Request *request);

#endif /* INGEST_REPLY_H */
