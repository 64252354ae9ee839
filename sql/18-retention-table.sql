CREATE FUNCTION sessionize.retention_table(
	source regclass,
	key text,
	ts text,
	unit text DEFAULT 'day',
	periods integer DEFAULT 30,
	kind text DEFAULT 'n_day',
	brackets integer[] DEFAULT NULL,
	time_zone text DEFAULT NULL,
	cohort_event text DEFAULT NULL,
	return_event text DEFAULT NULL,
	from_first_event boolean DEFAULT false,
	OUT cohort date,
	OUT cohort_size bigint,
	OUT period integer,
	OUT retained bigint
) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 1000 COST 10000
AS 'MODULE_PATHNAME', 'sz_retention_table';

COMMENT ON FUNCTION sessionize.retention_table(regclass, text, text, text, integer, text, integer[], text, text, text, boolean) IS
'How many of the keys whose first event lies in each day, week or month had events in the periods after it: one pass over the table, in any order';
