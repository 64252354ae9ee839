CREATE TABLE sessionize.quarantine_rule (
	pipeline_id     int PRIMARY KEY,
	producer        jsonpath,
	copies          double precision NOT NULL,
	copies_kept     interval,
	dropped_until   timestamptz
);
COMMENT ON TABLE sessionize.quarantine_rule IS 'what a pipeline''s quarantine keeps of raw rows, where it is not the default; written by set_quarantine_rules';
COMMENT ON COLUMN sessionize.quarantine_rule.producer IS 'where a raw row, as jsonb, says who sent it; NULL: nowhere';
COMMENT ON COLUMN sessionize.quarantine_rule.copies IS 'the part of the quarantined rows of which a copy of the raw row is kept, from 0 to 1';
COMMENT ON COLUMN sessionize.quarantine_rule.copies_kept IS 'how long after its time a row has a copy; NULL: always';
COMMENT ON COLUMN sessionize.quarantine_rule.dropped_until IS 'rows before it were looked at for copies that are too old; NULL: none were';
REVOKE ALL ON sessionize.quarantine_rule FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('sessionize.quarantine_rule', '');
