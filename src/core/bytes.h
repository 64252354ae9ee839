/*
 * bytes.h
 *		Numbers as bytes in network byte order.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_BYTES_H
#define SESSIONIZE_BYTES_H

#include "core/core.h"

/*
 * sz_put_bytes writes the lowest n bytes of a value, and returns the position after them.
 */
static inline unsigned char *
sz_put_bytes(unsigned char *out, uint64_t value, int n)
{
	while (n-- > 0)
		*out++ = (unsigned char) (value >> 8 * n);
	return out;
}

/*
 * sz_get_bytes reads n bytes that sz_put_bytes wrote.
 */
static inline uint64_t
sz_get_bytes(const unsigned char *in, int n)
{
	uint64_t value = 0;

	while (n-- > 0)
		value = value << 8 | *in++;
	return value;
}

#endif /* SESSIONIZE_BYTES_H */
