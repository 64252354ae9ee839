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
