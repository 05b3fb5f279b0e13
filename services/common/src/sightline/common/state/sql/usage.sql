-- name: note
-- What gateways count themselves, many rows at once.
INSERT INTO usage_news (tenant, hour_time, kind, count, size_bytes)
SELECT * FROM unnest(
    :tenants::text[], :hour_times::timestamptz[], :kinds::text[], :counts::bigint[], :size_bytes::bigint[]);

-- name: roll_up
-- Adds news to their hours and forgets them, in one statement: neither twice nor never.
WITH taken AS (
    DELETE FROM usage_news
    WHERE news_id IN (SELECT news_id FROM usage_news ORDER BY news_id LIMIT :count FOR UPDATE SKIP LOCKED)
    RETURNING tenant, hour_time, kind, count, size_bytes, work_seconds
),
added AS (
    INSERT INTO usage_hourly (tenant, hour_time, kind, count, size_bytes, work_seconds)
    SELECT tenant, hour_time, kind, sum(count), sum(size_bytes), sum(work_seconds)
    FROM taken GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (tenant, hour_time, kind) DO UPDATE SET
        count = usage_hourly.count + excluded.count,
        size_bytes = usage_hourly.size_bytes + excluded.size_bytes,
        work_seconds = usage_hourly.work_seconds + excluded.work_seconds
)
SELECT count(*) FROM taken;

-- name: hours
-- What is rolled up and what is still news, so that nobody waits for the roll-up.
SELECT hour_time, kind, sum(count)::bigint AS count, sum(size_bytes)::bigint AS size_bytes,
       sum(work_seconds)::float8 AS work_seconds
FROM (
    SELECT hour_time, kind, count, size_bytes, work_seconds FROM usage_hourly
    WHERE tenant = :tenant AND hour_time >= :start_time AND hour_time < :end_time
    UNION ALL
    SELECT hour_time, kind, count, size_bytes, work_seconds FROM usage_news
    WHERE tenant = :tenant AND hour_time >= :start_time AND hour_time < :end_time
) AS used
GROUP BY hour_time, kind
ORDER BY hour_time DESC, kind
LIMIT :count;

-- name: purge
DELETE FROM usage_hourly
WHERE (tenant, hour_time, kind) IN (
    SELECT tenant, hour_time, kind FROM usage_hourly
    WHERE hour_time < now() - :older_seconds * interval '1 second' LIMIT :count
)
RETURNING tenant;

-- name: open_jobs
-- No further than to the limit: how many there are beyond it makes no difference.
SELECT count(*) FROM (
    SELECT FROM jobs WHERE tenant = :tenant AND state IN (1, 2) LIMIT :count
) AS open;

-- name: waiting_by_tenant
SELECT queue, tenant, count(*) AS waiting FROM tasks WHERE state = 1 GROUP BY queue, tenant;

-- name: tasks_by_tenant
-- As upkeep.depths counts, so that the tenants of a queue add up to its depth.
SELECT tenant, queue, sum(waiting)::bigint AS waiting, sum(running)::bigint AS running
FROM (
    SELECT tenant, queue, count(*) AS waiting, 0 AS running
    FROM tasks WHERE state = 1 AND ready_time <= now() GROUP BY tenant, queue
    UNION ALL
    SELECT tenant, queue, 0, count(*) FROM tasks WHERE state = 2 GROUP BY tenant, queue
) AS halves
GROUP BY tenant, queue;

-- name: used_by_tenant
-- Tenant by tenant through the key, which begins with it: the hours of more than a year are not read for those of a day.
WITH RECURSIVE tenants AS (
    (SELECT tenant FROM usage_hourly ORDER BY tenant LIMIT 1)
    UNION ALL
    SELECT (SELECT usage_hourly.tenant FROM usage_hourly
            WHERE usage_hourly.tenant > tenants.tenant ORDER BY usage_hourly.tenant LIMIT 1)
    FROM tenants WHERE tenants.tenant IS NOT NULL
),
used AS (
    SELECT hours.* FROM tenants CROSS JOIN LATERAL (
        SELECT tenant, kind, count, size_bytes, work_seconds FROM usage_hourly
        WHERE usage_hourly.tenant = tenants.tenant AND hour_time >= :start_time
    ) AS hours
    UNION ALL
    SELECT tenant, kind, count, size_bytes, work_seconds FROM usage_news WHERE hour_time >= :start_time
)
SELECT tenant,
       coalesce(sum(count) FILTER (WHERE kind = ANY(:kinds::text[])), 0)::bigint AS jobs,
       sum(work_seconds)::float8 AS work_seconds,
       coalesce(sum(size_bytes) FILTER (WHERE kind = 'upload_media' OR starts_with(kind, 'import_media')), 0)::bigint
           AS received_bytes
FROM used GROUP BY tenant;
