-- The worker takes over, and the server vacuums as servers do.
ALTER SYSTEM SET autovacuum = on;
SELECT pg_reload_conf() \g /dev/null
SELECT sessionize.schedule('web', :'every') \g /dev/null
