/*
 * pause.c
 *		Points at which a test can pause the code.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lock.h"

#include "utils/pause.h"

#ifdef SESSIONIZE_PAUSE_POINTS
/*
 * pause_point waits while another session holds the lock with this name.
 */
void
pause_point(const char *name)
{
	/* the key of pg_advisory_lock(hashtext(name)::bigint) */
	int64 key = (int32) hash_bytes((const unsigned char *) name, (int) strlen(name));
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) (key >> 32), (uint32) key, 1);
	(void) LockAcquire(&tag, ShareLock, true, false);
	(void) LockRelease(&tag, ShareLock, true);
}
#endif
