-- simulate.sql: the stream some hours at a time, with a fault each day or none; each time a refresh and the checks that are due.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET timezone = 'UTC';

-- The stream without its crawlers, who are a fault here, from the day on which as many visitors come as later; with user ids
-- that two visitors who began on different days do not share, and with the version of what sent each event: the phones'
-- applications are released every three weeks.
DELETE FROM sim.stream WHERE anonymous_id LIKE 'crawler%' OR received_at < '2026-01-05Z';
UPDATE sim.stream SET user_id = 'u' || anonymous_id WHERE user_id IS NOT NULL;
UPDATE sim.stream SET context = context || jsonb_build_object('version',
	source || '-' || CASE source WHEN 'web' THEN '1' ELSE (1 + (received_at::date - '2026-01-05') / 21)::text END);
CREATE INDEX ON sim.stream (received_at);
ANALYZE sim.stream;

-- The faults: one a day at most, by day, since little happens at night that could go wrong; the seed says their order and hours.
CREATE TABLE sim.fault (fault text PRIMARY KEY, starts timestamptz, ends timestamptz);
INSERT INTO sim.fault (fault, starts, ends)
SELECT f.fault, t.starts, t.starts + CASE WHEN f.fault IN ('star rows deleted', 'star rows changed') THEN interval '27 hours'
	WHEN f.fault = 'a loss that grows slowly' THEN interval '18 hours' WHEN f.fault = 'hours out of order' THEN interval '10 hours'
	ELSE interval '6 hours' END
FROM (
	SELECT fault, row_number() OVER (ORDER BY hashtextextended(fault, :seed)) - 1 AS place, count(*) OVER () AS faults
	FROM unnest(ARRAY[
		'release drops user ids', 'one version drops user ids', 'page is lost on the web', 'events doubled',
		'doubled with other contents', 'batches doubled with new ids', 'clocks six hours ahead', 'clocks a day behind',
		'no time of sending, clocks ahead', 'clocks at the epoch', 'time of receipt stuck', 'one instant for all of a name',
		'bot storm', 'event renamed', 'event name is lost', 'names of one source prefixed', 'time zone bug',
		'backlog after an outage', 'total outage', 'outage of a source', 'hours out of order', 'an event is no longer sent',
		'half of the events lost', 'a loss that grows slowly', 'contract broken', 'no session key', 'one session key for all',
		'session keys are empty', 'infinite times', 'session key too long', 'cookies lost', 'event ids all the same',
		'type of a property changes', 'property vanishes', 'property is null', 'property appears', 'all pages the same',
		'source mislabelled', 'source misspelled', 'version rolled back', 'load test in production', 'events of one kind in a loop',
		'language lost to a default', 'language in lower case', 'device unknown', 'campaign parameter lost', 'prices in another unit',
		'prices negative', 'partition lost', 'mass delete of a source', 'mass update of raw rows', 'mass update of pages',
		'rule changed by mistake', 'star rows deleted', 'star rows changed', 'refresh stopped']) AS fault
	WHERE fault ~ :'faults'
) AS f
CROSS JOIN LATERAL (
	SELECT '2026-02-09Z'::timestamptz + f.place * :days / f.faults * interval '1 day'
	       + (9 + 3 * (abs(hashtextextended(f.fault, :seed)) % 2)) * interval '1 hour' AS starts
) AS t;

-- What arrives in an hour, while a fault is active.
CREATE FUNCTION sim.arrives(hour timestamptz) RETURNS SETOF sim.stream LANGUAGE plpgsql AS $$
DECLARE
	f sim.fault;
	r sim.stream;
	n int := 0;
BEGIN
	SELECT * INTO f FROM sim.fault AS x WHERE hour >= x.starts AND hour < x.ends AND x.fault NOT LIKE 'star rows%';
	IF f.fault = 'bot storm' THEN
		RETURN QUERY SELECT md5('bot' || hour || i), 'page_view', NULL, 'bot', 'bot', hour + i * interval '4 seconds',
			hour + i * interval '4 seconds', hour + i * interval '4 seconds', 'web',
			jsonb_build_object('page', '/product/' || i % 400), '{"locale": "en-US", "device": "bot", "version": "web-1"}'::jsonb
		FROM generate_series(0, 899) AS i;
	ELSIF f.fault = 'load test in production' THEN
		RETURN QUERY SELECT md5('load' || hour || i), 'page_view', NULL, 'load' || i % 50, 'load', hour + i * interval '6 seconds',
			hour + i * interval '6 seconds', hour + i * interval '6 seconds', 'web',
			'{"page": "/checkout"}'::jsonb, '{"locale": "en-US", "device": "desktop", "version": "web-1"}'::jsonb
		FROM generate_series(0, 599) AS i;
	ELSIF f.fault = 'events of one kind in a loop' THEN
		RETURN QUERY SELECT md5('loop' || hour || i), 'login', NULL, 'stuck' || i % 7, 'stuck', hour + i * interval '10 seconds',
			hour + i * interval '10 seconds', hour + i * interval '10 seconds', 'android',
			'{}'::jsonb, '{"locale": "de-DE", "device": "android", "version": "android-2"}'::jsonb
		FROM generate_series(0, 359) AS i;
	END IF;
	FOR r IN SELECT * FROM sim.stream AS s WHERE s.received_at >= hour AND s.received_at < hour + interval '1 hour'
	         ORDER BY s.received_at, s.event_id, s.occurred_at LOOP
		n := n + 1;
		CASE f.fault
			WHEN 'release drops user ids' THEN r.user_id := NULL;
			WHEN 'page is lost on the web' THEN IF r.source = 'web' THEN r.properties := r.properties - 'page'; END IF;
			WHEN 'events doubled' THEN IF r.source = 'web' THEN RETURN NEXT r; END IF;
			WHEN 'doubled with other contents' THEN
				IF r.source = 'web' THEN RETURN NEXT r; r.properties := r.properties || '{"page": "/other"}'; END IF;
			WHEN 'clocks six hours ahead' THEN
				IF r.source = 'ios' THEN r.occurred_at := r.occurred_at + interval '6 hours'; r.sent_at := r.sent_at + interval '6 hours'; END IF;
			WHEN 'clocks a day behind' THEN
				IF r.source = 'ios' THEN r.occurred_at := r.occurred_at - interval '1 day'; r.sent_at := r.sent_at - interval '1 day'; END IF;
			WHEN 'no time of sending, clocks ahead' THEN
				IF r.source = 'android' THEN r.occurred_at := r.occurred_at + interval '3 hours'; r.sent_at := NULL; END IF;
			WHEN 'event renamed' THEN IF r.event_name = 'add_to_cart' THEN r.event_name := 'cart_add'; END IF;
			WHEN 'event name is lost' THEN IF r.source = 'ios' THEN r.event_name := NULL; END IF;
			WHEN 'time zone bug' THEN
				IF r.source = 'android' THEN r.occurred_at := r.occurred_at - interval '2 hours'; r.sent_at := r.sent_at - interval '2 hours'; END IF;
			WHEN 'backlog after an outage' THEN CONTINUE;
			WHEN 'total outage' THEN CONTINUE;
			WHEN 'outage of a source' THEN IF r.source = 'ios' THEN CONTINUE; END IF;
			WHEN 'an event is no longer sent' THEN IF r.event_name = 'add_to_cart' THEN CONTINUE; END IF;
			WHEN 'half of the events lost' THEN IF n % 2 = 0 THEN CONTINUE; END IF;
			WHEN 'contract broken' THEN
				IF r.event_name = 'add_to_cart' THEN r.properties := r.properties || '{"product_id": "p-17"}'; END IF;
			WHEN 'no session key' THEN IF r.source = 'android' THEN r.user_id := NULL; r.anonymous_id := NULL; END IF;
			WHEN 'infinite times' THEN IF r.source = 'android' THEN r.occurred_at := 'infinity'; END IF;
			WHEN 'session key too long' THEN IF r.source = 'android' THEN r.anonymous_id := repeat('x', 2000); END IF;
			WHEN 'type of a property changes' THEN
				IF r.properties ? 'product_id' AND r.event_name = 'page_view' THEN
					r.properties := r.properties || jsonb_build_object('product_id', r.properties ->> 'product_id');
				END IF;
			WHEN 'property vanishes' THEN IF r.event_name = 'page_view' THEN r.properties := r.properties - 'product_id'; END IF;
			WHEN 'property appears' THEN IF r.source = 'web' THEN r.properties := r.properties || '{"debug": true}'; END IF;
			WHEN 'all pages the same' THEN
				IF r.properties ? 'page' THEN r.properties := r.properties || '{"page": "/"}'; END IF;
			WHEN 'source mislabelled' THEN r.source := 'web';
			WHEN 'cookies lost' THEN r.anonymous_id := md5(r.event_id); r.user_id := NULL;
			WHEN 'event ids all the same' THEN r.event_id := 'undefined';
			WHEN 'clocks at the epoch' THEN
				IF r.source = 'ios' THEN r.occurred_at := '1970-01-01Z'::timestamptz + n * interval '1 second'; r.sent_at := NULL; END IF;
			WHEN 'one version drops user ids' THEN
				IF r.source = 'ios' THEN r.user_id := NULL; r.context := r.context || '{"version": "ios-next"}'; END IF;
			WHEN 'batches doubled with new ids' THEN RETURN NEXT r; r.event_id := md5(r.event_id);
			WHEN 'time of receipt stuck' THEN r.received_at := f.starts;
			WHEN 'one instant for all of a name' THEN
				IF r.event_name = 'page_view' AND r.source <> 'web' THEN r.occurred_at := hour - interval '1 hour'; r.sent_at := hour - interval '1 hour'; END IF;
			WHEN 'names of one source prefixed' THEN IF r.source = 'ios' THEN r.event_name := 'ios:' || r.event_name; END IF;
			WHEN 'hours out of order' THEN
				IF r.source = 'web' AND n % 2 = 0 AND hour < f.starts + interval '6 hours' THEN CONTINUE; END IF;
			WHEN 'a loss that grows slowly' THEN
				IF n % 18 < extract(epoch FROM hour - f.starts) / 3600 THEN CONTINUE; END IF;
			WHEN 'one session key for all' THEN IF r.source = 'web' THEN r.anonymous_id := 'undefined'; END IF;
			WHEN 'session keys are empty' THEN IF r.source = 'android' THEN r.anonymous_id := ''; END IF;
			WHEN 'property is null' THEN
				IF r.properties ? 'product_id' THEN r.properties := r.properties || '{"product_id": null}'; END IF;
			WHEN 'source misspelled' THEN IF r.source = 'web' AND n % 2 = 0 THEN r.source := 'wbe'; END IF;
			WHEN 'version rolled back' THEN
				IF r.source = 'ios' THEN
					r.context := r.context || '{"version": "ios-0"}';
					r.properties := (r.properties - 'page') || jsonb_strip_nulls(jsonb_build_object('url', r.properties -> 'page'));
				END IF;
			WHEN 'language lost to a default' THEN r.context := r.context || '{"locale": "en-US"}';
			WHEN 'language in lower case' THEN r.context := r.context || jsonb_build_object('locale', lower(r.context ->> 'locale'));
			WHEN 'device unknown' THEN r.context := r.context - 'device';
			WHEN 'campaign parameter lost' THEN r.context := r.context - 'campaign';
			WHEN 'prices in another unit' THEN
				IF r.properties ? 'revenue_cents' THEN
					r.properties := r.properties || jsonb_build_object('revenue_cents', (r.properties ->> 'revenue_cents')::bigint * 100);
				END IF;
			WHEN 'prices negative' THEN
				IF r.properties ? 'revenue_cents' THEN
					r.properties := r.properties || jsonb_build_object('revenue_cents', -(r.properties ->> 'revenue_cents')::bigint);
				END IF;
			ELSE NULL;
		END CASE;
		RETURN NEXT r;
	END LOOP;
	-- what was held back for the hours of the outage
	RETURN QUERY SELECT s.event_id, s.event_name, s.user_id, s.anonymous_id, s.device_id, s.occurred_at, hour, hour + interval '1 second',
		s.source, s.properties, s.context
	FROM sim.fault AS x JOIN sim.stream AS s ON s.received_at >= x.starts AND s.received_at < x.ends
	WHERE x.fault = 'backlog after an outage' AND x.ends = hour;
	-- every other event of the web of six hours, four hours late
	RETURN QUERY SELECT o.event_id, o.event_name, o.user_id, o.anonymous_id, o.device_id, o.occurred_at, o.sent_at + interval '4 hours',
		o.received_at + interval '4 hours', o.source, o.properties, o.context
	FROM sim.fault AS x CROSS JOIN LATERAL (
		SELECT s.*, row_number() OVER (ORDER BY s.received_at, s.event_id, s.occurred_at) AS n FROM sim.stream AS s
		WHERE s.received_at >= hour - interval '4 hours' AND s.received_at < hour - interval '3 hours') AS o
	WHERE x.fault = 'hours out of order' AND hour - interval '4 hours' >= x.starts AND hour < x.ends
	  AND o.source = 'web' AND o.n % 2 = 0;
END $$;

-- What somebody does at the beginning and at the end of a fault.
CREATE FUNCTION sim.begins(hour timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	f sim.fault;
BEGIN
	SELECT * INTO f FROM sim.fault AS x WHERE x.starts = hour;
	CASE f.fault
		WHEN 'mass delete of a source' THEN
			DELETE FROM raw.events WHERE source = 'ios' AND received_at >= hour - interval '5 days';
		WHEN 'mass update of pages' THEN
			UPDATE raw.events SET properties = properties - 'page' WHERE received_at >= hour - interval '12 hours';
		WHEN 'partition lost' THEN
			DELETE FROM raw.events WHERE received_at >= hour - interval '24 hours' AND received_at < hour - interval '4 hours';
		WHEN 'mass update of raw rows' THEN
			UPDATE raw.events SET user_id = NULL WHERE received_at >= hour - interval '6 hours';
		WHEN 'star rows deleted' THEN
			DELETE FROM web.fact_event WHERE event_time >= hour - interval '3 hours';
		WHEN 'star rows changed' THEN
			UPDATE web.fact_session SET page_views = page_views + 1, events = events + 1 WHERE started_at >= hour - interval '3 days';
		WHEN 'rule changed by mistake' THEN PERFORM sessionize.alter_pipeline('web', gap => '3 minutes');
		ELSE NULL;
	END CASE;
END $$;
CREATE FUNCTION sim.over(hour timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	f sim.fault;
BEGIN
	SELECT * INTO f FROM sim.fault AS x WHERE x.ends = hour;
	CASE f.fault
		WHEN 'partition lost' THEN
			INSERT INTO raw.events (event_id, event_name, user_id, anonymous_id, device_id, occurred_at, sent_at, received_at, source, properties, context)
			SELECT * FROM sim.stream WHERE received_at >= f.starts - interval '24 hours' AND received_at < f.starts - interval '4 hours';
		WHEN 'mass delete of a source' THEN
			INSERT INTO raw.events (event_id, event_name, user_id, anonymous_id, device_id, occurred_at, sent_at, received_at, source, properties, context)
			SELECT * FROM sim.stream WHERE source = 'ios' AND received_at >= f.starts - interval '5 days' AND received_at < f.starts;
		WHEN 'rule changed by mistake' THEN PERFORM sessionize.alter_pipeline('web', gap => '30 minutes');
		ELSE NULL;
	END CASE;
END $$;
-- Whether the star has to be built anew in an hour, is not refreshed, or is.
CREATE FUNCTION sim.refresh(hour timestamptz) RETURNS text LANGUAGE sql AS $$
SELECT CASE
	WHEN EXISTS (SELECT FROM sim.fault AS x WHERE x.fault = 'refresh stopped' AND hour >= x.starts AND hour < x.ends) THEN 'SELECT'
	WHEN EXISTS (SELECT FROM sim.fault AS x WHERE x.fault = 'rule changed by mistake' AND hour IN (x.starts, x.ends))
	  OR EXISTS (SELECT FROM sim.fault AS x WHERE x.fault LIKE 'star rows%' AND hour = x.ends) THEN 'CALL sessionize.rebuild(''web'')'
	ELSE 'CALL sessionize.refresh(''web'')' END
$$;

SELECT sessionize.create_events_table('raw.events');
CREATE INDEX ON raw.events (received_at);
INSERT INTO raw.events (event_id, event_name, user_id, anonymous_id, device_id, occurred_at, sent_at, received_at, source, properties, context)
SELECT * FROM sim.stream WHERE received_at < '2026-02-09Z' ORDER BY received_at;
SELECT sessionize.create_pipeline('web', 'raw.events');
SELECT sessionize.add_dimension('web', 'client', '{"locale": "context ->> ''locale''", "device": "context ->> ''device''"}', grain => 'event');
SELECT sessionize.add_dimension('web', 'campaign', '{"medium": "context #>> ''{campaign,medium}''"}', pick => 'first_not_null');
SELECT sessionize.add_measure('web', 'revenue', 'sum', '(properties ->> ''revenue_cents'')::numeric', grain => 'event');
SELECT sessionize.create_contract('web', 'add_to_cart', '1.0.0', '{"type": "object", "properties": {"product_id": {"type": "integer"}}}');
SELECT sessionize.add_default_checks('web');
SELECT sessionize.alter_check('web', check_name, keep => '400 days') FROM sessionize.checks;
CALL sessionize.rebuild('web');
ANALYZE;

-- What the checks that remember something have seen in the three days before.
SELECT format('SELECT count(*) FROM sessionize.run_checks(''web'', %L, at => %L)', c, h)
FROM generate_series('2026-02-06Z'::timestamptz, '2026-02-09Z', interval '2 hours') AS h,
     (SELECT check_name FROM sessionize.data_check JOIN sessionize.check_kind USING (kind) WHERE remember IS NOT NULL) AS m (c)
ORDER BY h, c
\gexec
-- The steps: each hour; or those after which a fault begins, the hour after that, the end and the hour after it, and little by night.
SELECT statement FROM (
	SELECT h.hour, lead(h.hour) OVER (ORDER BY h.hour) AS until
	FROM generate_series('2026-02-09Z'::timestamptz, '2026-02-09Z'::timestamptz + :days * interval '1 day', interval '1 hour') AS h (hour)
	WHERE :step = 1 OR extract(hour FROM h.hour) IN (3, 9, 10, 12, 13, 15, 16, 18, 19)
) AS s
CROSS JOIN LATERAL (VALUES
	(1, format('SELECT sim.over(%L), sim.begins(%L)', hour, hour)),
	(2, format('INSERT INTO raw.events (event_id, event_name, user_id, anonymous_id, device_id, occurred_at, sent_at, received_at, source, properties, context) SELECT a.* FROM generate_series(%L::timestamptz, %L, interval ''1 hour'') AS h, sim.arrives(h) AS a',
	           hour, until - interval '1 hour')),
	(3, sim.refresh(hour)),
	(4, format('SELECT count(*) FROM sessionize.run_checks(''web'', at => %L)', until)),
	(5, CASE WHEN extract(hour FROM hour) IN (0, 3) THEN 'VACUUM ANALYZE' END)
) AS t (place, statement)
WHERE statement IS NOT NULL AND until IS NOT NULL
ORDER BY hour, place
\gexec
SELECT relation, difference, count(*) FROM sessionize.verify('web') GROUP BY 1, 2;
