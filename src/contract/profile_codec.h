/*
 * profile_codec.h
 *		Profiles as bytes, which parallel workers send.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PROFILE_CODEC_H
#define SESSIONIZE_PROFILE_CODEC_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "contract/profile.h"

/* Append the profile of whole documents. */
extern void profile_put(StringInfo out, const Profile *profile);

/* Read all that there is as one profile, or reject it. */
extern Profile *profile_get(StringInfo in);

#endif /* SESSIONIZE_PROFILE_CODEC_H */
