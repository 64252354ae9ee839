/*
 * service.h
 *		Telling the service manager (systemd) how it goes.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_SERVICE_H
#define INGEST_SERVICE_H

/* Send a line such as READY=1, if there is a service manager that listens. */
extern void service_notify(const char *line);

#endif /* INGEST_SERVICE_H */
