CREATE TRIGGER jobs_told_at_once AFTER INSERT ON jobs
    FOR EACH ROW WHEN (NEW.state >= 3) EXECUTE FUNCTION tell_webhooks();

CREATE OR REPLACE FUNCTION note_ended_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO usage_news (tenant, hour_time, kind, count, size_bytes)
    SELECT n.tenant, date_trunc('hour', now(), 'UTC'), n.kind, count(*),
           coalesce(sum(media.size_bytes) FILTER (WHERE n.start_time IS NOT NULL), 0)
    FROM new_jobs AS n
    JOIN old_jobs AS o ON o.tenant = n.tenant AND o.job_id = n.job_id
    LEFT JOIN media ON media.tenant = n.tenant AND media.media_id = n.media_id
    WHERE n.state >= 3 AND o.state < 3
    GROUP BY n.tenant, n.kind;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION note_work() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO usage_news (tenant, hour_time, kind, work_seconds)
    SELECT tasks.tenant, date_trunc('hour', now(), 'UTC'), tasks.kind,
           sum(greatest(extract(epoch FROM a.end_time - a.start_time), 0))
    FROM new_attempts AS a JOIN tasks ON tasks.task_id = a.task_id
    GROUP BY tasks.tenant, tasks.kind;
    RETURN NULL;
END
$$;
