/*
 * protocol.c
 *		The protocols that requests are decoded by.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "compat.h"
#include "decode/protocol.h"

/* The names of protocols.  Several names may have one meaning. */
static const struct
{
	const char *name;
	const Protocol *protocol;
} protocols[] = {
	{"generic", &generic_protocol},
};

/*
 * protocol_find returns the protocol of a name.
 */
const Protocol *
protocol_find(TextView name)
{
	for (size_t i = 0; i < lengthof(protocols); i++)
		if (text_view_is(name, protocols[i].name))
			return protocols[i].protocol;
	return NULL;
}
