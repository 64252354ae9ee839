-- report.sql: which faults were found, by which checks; which alarms were false.
SET timezone = 'UTC';
-- A check finds a fault if it takes part in an incident because of what it saw in the hours of the fault, or in the two
-- after it, and was not failing already.
CREATE TEMP TABLE found AS
SELECT f.fault, f.starts, f.ends, min(e.at) - f.starts AS found_after, array_agg(DISTINCT e.check_name::text) FILTER (WHERE e.check_name IS NOT NULL) AS checks
FROM sim.fault AS f
LEFT JOIN sessionize.incident_events AS e ON e.at > f.starts AND e.at <= f.ends + interval '2 hours'
	AND e.event IN ('opened', 'joined', 'failed again', 'subject')
	AND (f.fault NOT LIKE 'star rows%' OR e.check_name IN ('accounting', 'exactness'))
	AND (SELECT r.status FROM sessionize.check_results AS r WHERE r.check_name = e.check_name AND r.at <= f.starts
	     ORDER BY r.at DESC LIMIT 1) IS DISTINCT FROM 'failed'
WHERE f.ends <= (SELECT max(at) FROM sessionize.check_results)
GROUP BY f.fault;
SELECT fault, starts, found_after, checks FROM found ORDER BY starts;
CREATE TEMP TABLE alarm AS
SELECT i.*, (SELECT max(f.fault) FROM sim.fault AS f WHERE i.opened_at > f.starts AND i.opened_at <= f.ends + interval '2 hours') AS fault,
       (SELECT max(f.fault) FROM sim.fault AS f WHERE i.opened_at > f.ends + interval '2 hours' AND i.opened_at <= f.ends + interval '26 hours') AS after
FROM sessionize.incidents AS i;
SELECT incident_id, opened_at, closed_at, checks, subjects, after AS "within a day after" FROM alarm WHERE fault IS NULL ORDER BY 1;
SELECT check_name, count(*) FILTER (WHERE status = 'failed') AS failed, count(*) FILTER (WHERE status = 'learning') AS learning,
       count(*) FILTER (WHERE status = 'error') AS errors, count(*) AS runs, avg(took) AS took, max(error) AS error
FROM sessionize.check_results GROUP BY 1 ORDER BY 1;
SELECT (SELECT count(*) FROM found) AS faults, (SELECT count(found_after) FROM found) AS found,
       (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY found_after) FROM found) AS median_time,
       (SELECT count(*) FROM alarm WHERE fault IS NULL) AS false_alarms,
       (SELECT round(count(*) * 30 / (SELECT (max(at)::date - min(at)::date)::numeric FROM sessionize.check_results), 2)
        FROM alarm WHERE fault IS NULL) AS false_alarms_a_month,
       (SELECT count(*) FROM alarm WHERE fault IS NULL AND after IS NOT NULL) AS of_them_within_a_day_after_a_fault,
       (SELECT sum(took) / count(DISTINCT at) FROM sessionize.check_results) AS checks_took_each_hour;
