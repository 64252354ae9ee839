/*
 * schema_resource.h
 *		Schemas with a URI of their own: their drafts, vocabularies and anchors.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SCHEMA_RESOURCE_H
#define SESSIONIZE_SCHEMA_RESOURCE_H

#include "postgres.h"

#include "contract/keyword.h"
#include "contract/schema_place.h"

/* There may be so many of them, and so many anchors, in a schema with all that it refers to. */
#define SCHEMA_MAX_RESOURCES 4000
#define SCHEMA_MAX_ANCHORS   10000

/* A URI may have so many bytes. */
#define SCHEMA_MAX_URI 2000

/* A name of a schema in its resource. */
typedef struct SchemaAnchor
{
	TextView name;
	SchemaPlace *place;
	bool dynamic;
	struct SchemaAnchor *next;
} SchemaAnchor;

/* A schema with a URI of its own. */
typedef struct SchemaResource
{
	uint16 id;
	SchemaDraft draft;
	uint8 vocabularies;
	TextView meta; /* the URI of a meta-schema that is yet to be read; no data if there is none */
	const char *uri;
	SchemaPlace *root;
	SchemaAnchor *anchors;
} SchemaResource;

/* A URI by which a resource is known. */
typedef struct ResourceUri
{
	uint64 hash;
	const char *uri;
	SchemaResource *resource;
} ResourceUri;

/* The resources that are known; all zero: none. */
typedef struct SchemaResources
{
	SchemaResource **all;
	uint32 count;
	uint32 capacity;
	ResourceUri *uris;
	uint32 nuris;
	uint32 max_uris;
	uint32 nanchors;
} SchemaResources;

/*
 * The resource that the schema at a place is or belongs to; it is added if it is new.  Where the
 * place is a document, uri is where it was found, and referrer has referred to it.
 */
extern SchemaResource *schema_resource_of(SchemaResources *resources, SchemaPlace *place,
										  const char *uri, const SchemaResource *referrer);

/* Raise an error for a keyword of the schema at a place if a URI is too long. */
extern void require_uri_length(const SchemaPlace *place, TextView keyword, const char *uri);

/* The resource that is known by a URI; NULL if there is none. */
extern SchemaResource *schema_resource_find(const SchemaResources *resources, const char *uri);

/* An anchor of a resource; NULL if it has none of the name. */
extern SchemaAnchor *schema_anchor_find(const SchemaResource *resource, TextView name);

#endif /* SESSIONIZE_SCHEMA_RESOURCE_H */
