CREATE FUNCTION sessionize.quarantine_summary(pipeline text, producer jsonpath DEFAULT NULL)
RETURNS TABLE (
	producer text, event_name text, reason text, contract_version text, rule text, place text,
	hour timestamptz, rows bigint, first_seen timestamptz, last_seen timestamptz, sample_raw_id text, sample_message text
)
AS 'MODULE_PATHNAME', 'sessionize_quarantine_summary'
LANGUAGE C STABLE PARALLEL UNSAFE COST 10000 ROWS 100;
COMMENT ON FUNCTION sessionize.quarantine_summary IS 'count the rows of a pipeline''s quarantine by producer, event, reason, contract, rule and hour';

CREATE FUNCTION sessionize.replay_quarantine(pipeline text, filter text DEFAULT NULL) RETURNS bigint
AS 'MODULE_PATHNAME', 'sessionize_replay_quarantine'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.replay_quarantine IS 'have the next refresh judge the rows in a pipeline''s quarantine again; how many rows these are';

CREATE FUNCTION sessionize.set_quarantine_rules(pipeline text, producer jsonpath DEFAULT NULL, copies double precision DEFAULT 1, copies_kept interval DEFAULT NULL) RETURNS boolean
AS 'MODULE_PATHNAME', 'sessionize_set_quarantine_rules'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.set_quarantine_rules IS 'say where a raw row tells who sent it, of which part of the rows in a pipeline''s quarantine the raw row is kept, and how long; false if the rules are so already';
