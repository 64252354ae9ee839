-- What the tea shop of "make live" needs in its database, besides the extension: where the events go,
-- what a session is, and the one query that the page's right-hand side asks.
SELECT sessionize.create_events_table('raw.events');
CREATE INDEX ON raw.events (anonymous_id, occurred_at, event_id);
SELECT sessionize.create_pipeline('web', 'raw.events', key => 'anonymous_id');
SELECT sessionize.add_measure('web', 'revenue', 'sum', '(properties ->> ''revenue'')::numeric', 'event_name = ''purchase''');
SELECT sessionize.schedule('web');

CREATE SCHEMA shop;
CREATE FUNCTION shop.visitor(visitor text) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog
BEGIN ATOMIC
	SELECT pg_catalog.jsonb_build_object(
		'sessions', (SELECT coalesce(jsonb_agg(to_jsonb(s) ORDER BY s.started_at DESC), '[]')
			FROM (SELECT session_id, session_key, user_id, started_at, extract(epoch FROM duration) AS seconds,
					events, page_views, entry_page, exit_page, is_bounce, revenue
				FROM web.sessions_live WHERE session_key = visitor ORDER BY started_at DESC LIMIT 10) AS s),
		'events', (SELECT coalesce(jsonb_agg(to_jsonb(e) ORDER BY e.event_time DESC, e.event_id), '[]')
			FROM (SELECT event_id, event_name, page, event_time
				FROM web.events_live WHERE session_key = visitor ORDER BY event_time DESC, event_id LIMIT 20) AS e));
END;
COMMENT ON FUNCTION shop.visitor IS 'the sessions and the last events of a visitor, for the page that shows them';
