/*
 * documents.h
 *		Documents that trackers ask for before they send anything, where they can't reach the service
 *		that they are made for; and those about the collector itself.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_DOCUMENTS_H
#define INGEST_DOCUMENTS_H

#include "request.h"

/* Answer a request that is not about events. */
extern enum MHD_Result document_answer(Request *request);

#endif /* INGEST_DOCUMENTS_H */
