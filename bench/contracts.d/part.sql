-- One sample of each work with the contracts of this name: a rebuild of an empty star, and a refresh after a thirtieth of the events came again.
SET client_min_messages = warning;
SET max_parallel_maintenance_workers = 0;
SELECT sessionize.create_pipeline('web', 'events', key => 'who', event_time => 'at', event_id => 'id', raw_id => 'id');
SELECT sessionize.create_contract('web', 'event_' || n, '1-0-0', schema) FROM schema, generate_series(0, 9) AS n WHERE contracts = :'contracts';
CHECKPOINT;
SELECT cpu() AS before \gset
CALL sessionize.rebuild('web');
SELECT cpu() - :before AS rebuild \gset
INSERT INTO events SELECT id + 100000000, who, at, event_name, properties FROM events WHERE id % 30 = 0;
CHECKPOINT;
SELECT cpu() AS before \gset
CALL sessionize.refresh('web');
SELECT cpu() - :before AS refresh \gset
INSERT INTO sample
SELECT :'contracts', work, seconds, (SELECT count(*) FROM web.quarantine), (SELECT count(*) FROM sessionize.verify('web')),
       (SELECT abs(pending) + abs(difference) FROM sessionize.reconcile('web'))
FROM (VALUES ('rebuild', :rebuild), ('refresh', :refresh)) AS v (work, seconds);
SELECT sessionize.drop_pipeline('web');
DELETE FROM events WHERE id > 100000000;
VACUUM events;
