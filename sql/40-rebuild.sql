CREATE FUNCTION sessionize.calendar_day(
	day date,
	OUT date_key int, OUT date date, OUT year int, OUT quarter int, OUT month int, OUT month_name text,
	OUT week int, OUT iso_year int, OUT day int, OUT day_of_week int, OUT day_name text, OUT is_weekend boolean
)
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT (extract(year FROM $1) * 10000 + extract(month FROM $1) * 100 + extract(day FROM $1))::int, $1,
	       extract(year FROM $1)::int, extract(quarter FROM $1)::int, extract(month FROM $1)::int,
	       (ARRAY['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September',
	              'October', 'November', 'December'])[extract(month FROM $1)::int],
	       extract(week FROM $1)::int, extract(isoyear FROM $1)::int, extract(day FROM $1)::int,
	       extract(isodow FROM $1)::int,
	       (ARRAY['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday',
	              'Sunday'])[extract(isodow FROM $1)::int],
	       extract(isodow FROM $1) >= 6
	WHERE $1 BETWEEN '0001-01-01'::date AND '9999-12-31'::date;
END;
COMMENT ON FUNCTION sessionize.calendar_day(date) IS 'what dim_date says of a day; NULLs for a day before year 1 or after 9999, which has no date key';

CREATE FUNCTION sessionize.calendar_date(date_key int) RETURNS date
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT d.day
	FROM (SELECT CASE WHEN $1 / 10000 BETWEEN 1 AND 9999 AND $1 / 100 % 100 BETWEEN 1 AND 12 AND $1 % 100 >= 1
	                  THEN make_date($1 / 10000, $1 / 100 % 100, 1) + ($1 % 100 - 1) END AS day) AS d
	WHERE extract(month FROM d.day) = $1 / 100 % 100;
END;
COMMENT ON FUNCTION sessionize.calendar_date(int) IS 'the date of a date key (yyyymmdd), NULL where it is none';

CREATE PROCEDURE sessionize.rebuild(name text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, throttle double precision DEFAULT 1, newest_first boolean DEFAULT NULL)
AS 'MODULE_PATHNAME', 'sessionize_rebuild'
LANGUAGE C;
COMMENT ON PROCEDURE sessionize.rebuild IS 'bring the pipeline''s star to what its raw rows say now, piece by piece, each with its own commit, beside refreshes; resumes one that was interrupted; with since or until, only the keys that have events from then to then, through the dirty log; with newest_first, the keys with the latest events first';

CREATE FUNCTION sessionize.verify(name text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, sample double precision DEFAULT NULL)
RETURNS TABLE (relation text, difference text, session_key text, stored jsonb, expected jsonb)
AS 'MODULE_PATHNAME', 'sessionize_verify'
LANGUAGE C STABLE PARALLEL UNSAFE COST 1000000 ROWS 100;
COMMENT ON FUNCTION sessionize.verify IS 'derive the pipeline''s star anew and return every row that is missing, different or unexpected; no row: it is proven right';

CREATE FUNCTION sessionize.reconcile(
	name text,
	OUT raw_rows bigint, OUT sealed_only bigint, OUT events bigint, OUT duplicates bigint, OUT quarantined bigint, OUT late bigint,
	OUT pending bigint, OUT difference bigint, OUT event_difference bigint
)
AS 'MODULE_PATHNAME', 'sessionize_reconcile'
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000;
COMMENT ON FUNCTION sessionize.reconcile(text) IS 'account for every raw row: raw_rows + sealed_only = events + duplicates + quarantined + late + pending + difference, and difference must be 0';
