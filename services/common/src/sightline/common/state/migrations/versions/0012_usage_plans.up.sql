-- A function keeps the plan of the first rows that its session saw. Written as joins these plans read every task of the
-- table, or compared every job of a group with every other. A subquery for each row is always a look by the key, and
-- NOT IN is always a look into a hash.

CREATE OR REPLACE FUNCTION note_ended_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO usage_news (tenant, hour_time, kind, count, size_bytes)
    SELECT tenant, date_trunc('hour', now(), 'UTC'), kind, count(*), coalesce(sum(size_bytes), 0)
    FROM (
        SELECT n.tenant, n.kind, CASE WHEN n.start_time IS NOT NULL THEN (
                   SELECT size_bytes FROM media WHERE media.tenant = n.tenant AND media.media_id = n.media_id
               ) END AS size_bytes
        FROM new_jobs AS n
        WHERE n.state >= 3 AND (n.tenant, n.job_id) NOT IN (SELECT tenant, job_id FROM old_jobs WHERE state >= 3)
        OFFSET 0
    ) AS ended
    GROUP BY tenant, kind;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION note_work() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO usage_news (tenant, hour_time, kind, work_seconds)
    SELECT tenant, date_trunc('hour', now(), 'UTC'), kind, sum(seconds)
    FROM new_attempts AS a CROSS JOIN LATERAL (
        SELECT tenant, kind, greatest(extract(epoch FROM a.end_time - a.start_time), 0) AS seconds
        FROM tasks WHERE tasks.task_id = a.task_id
        OFFSET 0
    ) AS task
    GROUP BY tenant, kind;
    RETURN NULL;
END
$$;

-- No job is stored as ended: one that shares the work of another is that other.
DROP TRIGGER jobs_told_at_once ON jobs;
