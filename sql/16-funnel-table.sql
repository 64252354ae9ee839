CREATE FUNCTION sessionize.funnel_table(
	source regclass,
	key text,
	ts text,
	within interval,
	steps text[],
	mode text DEFAULT '',
	OUT key text,
	OUT depth integer,
	OUT times timestamptz[]
) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 100000 COST 10000
AS 'MODULE_PATHNAME', 'sz_funnel_table';

COMMENT ON FUNCTION sessionize.funnel_table(regclass, text, text, interval, text[], text) IS
'How many of the steps, conditions on a row, each key of a table reached, and when; the key as text: one pass over it, in any order, without a sort';

CREATE FUNCTION sessionize.funnel_table(
	source regclass,
	key text,
	ts text,
	within interval,
	steps text[],
	key_type anyelement,
	mode text DEFAULT '',
	OUT key anyelement,
	OUT depth integer,
	OUT times timestamptz[]
) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 100000 COST 10000
AS 'MODULE_PATHNAME', 'sz_funnel_table';

COMMENT ON FUNCTION sessionize.funnel_table(regclass, text, text, interval, text[], anyelement, text) IS
'How many of the steps, conditions on a row, each key of a table reached, and when; the key in its own type: one pass over it, in any order, without a sort';
