/*
 * attribution.h
 *		How a conversion is shared out among the touches before it.
 *
 * Shares are whole numbers of units, 10^18 for the conversion, and always add up to all of it: each
 * touch gets the growth of the running total, rounded down.  No floating point is involved, so the
 * result is the same on every machine.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ATTRIBUTION_H
#define SESSIONIZE_ATTRIBUTION_H

#include "core/core.h"
#include "core/node_log.h"

#define SZ_SHARE_DIGITS 18
#define SZ_SHARE_UNITS  UINT64_C(1000000000000000000)

typedef enum SzAttributionModel
{
	SZ_ATTRIBUTION_FIRST,
	SZ_ATTRIBUTION_LAST,
	SZ_ATTRIBUTION_LINEAR,
	SZ_ATTRIBUTION_POSITION,  /* first and last 40 % each, those in between share 20 % */
	SZ_ATTRIBUTION_TIME_DECAY /* a touch counts half as much as one that is half_life later */
} SzAttributionModel;

/*
 * Write the shares of touches[0 .. count), which ascend by time, to shares[0 .. count).  count must
 * be at least 1.  half_life is in microseconds; it must be at least 1 if the model uses it.
 */
extern void sz_attribution_shares(SzAttributionModel model, const SzNode *touches, uint32_t count,
								  uint64_t half_life, uint64_t *shares);

#endif /* SESSIONIZE_ATTRIBUTION_H */
