-- Limits of keys and of tenants, and what was used by the hour.

ALTER TABLE api_keys ADD COLUMN limits jsonb NOT NULL DEFAULT '{}';

CREATE TABLE tenant_limits (
    tenant text PRIMARY KEY,
    limits jsonb NOT NULL
);

CREATE TABLE usage_hourly (
    tenant       text NOT NULL,
    hour_time    timestamptz NOT NULL,
    -- A kind of analysis, `upload_media`, or `import_media:` and the provider.
    kind         text NOT NULL,
    -- Jobs that ended, or files that were taken in.
    count        bigint NOT NULL DEFAULT 0,
    size_bytes   bigint NOT NULL DEFAULT 0,
    work_seconds double precision NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, hour_time, kind)
);

-- What was used and is not in its hour yet. Whoever ends jobs only adds a row here: to update the row of the hour
-- would make all of them wait for one another.
CREATE TABLE usage_news (
    news_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant       text NOT NULL,
    hour_time    timestamptz NOT NULL,
    kind         text NOT NULL,
    count        bigint NOT NULL DEFAULT 0,
    size_bytes   bigint NOT NULL DEFAULT 0,
    work_seconds double precision NOT NULL DEFAULT 0
);

-- By the very transaction that ends jobs, so that nothing is counted twice or forgotten. One run for each statement
-- and not for each row: workers end jobs by the dozen.
CREATE FUNCTION note_ended_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER jobs_used AFTER UPDATE ON jobs
    REFERENCING OLD TABLE AS old_jobs NEW TABLE AS new_jobs
    FOR EACH STATEMENT EXECUTE FUNCTION note_ended_jobs();

-- Every attempt is work, also one that failed.
CREATE FUNCTION note_work() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO usage_news (tenant, hour_time, kind, work_seconds)
    SELECT tasks.tenant, date_trunc('hour', now(), 'UTC'), tasks.kind,
           sum(greatest(extract(epoch FROM a.end_time - a.start_time), 0))
    FROM new_attempts AS a JOIN tasks ON tasks.task_id = a.task_id
    GROUP BY tasks.tenant, tasks.kind;
    RETURN NULL;
END
$$;
CREATE TRIGGER attempts_used AFTER INSERT ON task_attempts
    REFERENCING NEW TABLE AS new_attempts
    FOR EACH STATEMENT EXECUTE FUNCTION note_work();
