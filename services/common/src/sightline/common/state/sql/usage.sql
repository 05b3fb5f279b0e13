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
