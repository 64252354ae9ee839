/*
 * request_fault.h
 *		Which errors are the fault of a request, and not of the server, the table or the loader.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REQUEST_FAULT_H
#define SESSIONIZE_REQUEST_FAULT_H

#include "postgres.h"

/* Whether the request alone has to be set aside; otherwise the whole batch fails. */
extern bool is_request_fault(const ErrorData *error);

#endif /* SESSIONIZE_REQUEST_FAULT_H */
