/*
 * run_counters.h
 *		The one list of a run's counters.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RUN_COUNTERS_H
#define SESSIONIZE_RUN_COUNTERS_H

/*
 * The counters of sessionize.run, in the order of its columns: the column's name, and the value
 * taken from "const DeriveCounts *derived" and "const WriteCounts *written".  Three macros are
 * applied to them, one for each kind:
 *
 *		RUN        columns that only the table run has
 *		DERIVED    sessionize.rebuild_piece has them as well: of the last time the piece was done
 *		WRITTEN    sessionize.rebuild_piece has them as well: the sum of all times it was done
 *
 * test/t/000_packaging.pl compares the list with sql/55-run.sql.
 */
#define RUN_COUNTERS(RUN, DERIVED, WRITTEN)                                                        \
	RUN(raw_rows, derived->raw_rows)                                                               \
	DERIVED(events, derived->events)                                                               \
	DERIVED(duplicates, derived->duplicates)                                                       \
	DERIVED(conflicts, derived->conflicts)                                                         \
	RUN(quarantined, derived->quarantined)                                                         \
	RUN(filtered, derived->filtered)                                                               \
	RUN(warned, derived->warned)                                                                   \
	DERIVED(corrected, derived->corrected)                                                         \
	DERIVED(clamped, derived->clamped)                                                             \
	DERIVED(sessions, derived->sessions)                                                           \
	DERIVED(keys, derived->keys)                                                                   \
	WRITTEN(rows_inserted, written->inserted)                                                      \
	WRITTEN(rows_updated, written->updated)                                                        \
	WRITTEN(rows_deleted, written->deleted)

#endif /* SESSIONIZE_RUN_COUNTERS_H */
