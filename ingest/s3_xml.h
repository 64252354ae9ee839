/*
 * s3_xml.h
 *		Reading the XML of S3's answers: elements and texts, of any number and length.
 *
 * It is strict: what is not closed, what comes after the end, DOCTYPE and entities other than the
 * five of XML and numbers make it fail.  Attributes and comments are skipped.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_S3_XML_H
#define INGEST_S3_XML_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Called at the end of each element: with its path, as in "/ListBucketResult/Contents/Key", and the
 * text since its last child.  False ends the reading.
 */
typedef bool (*S3XmlTake)(void *context, const char *path, const char *text);

/* False: it is no such XML, there is no memory, or take() has said so. */
extern bool s3_xml_read(const char *bytes, size_t length, S3XmlTake take, void *context);

#endif /* INGEST_S3_XML_H */
