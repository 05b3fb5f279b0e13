-- name: waiting
-- Names webhooks that have pending deliveries, in the order of their keys, from behind the given one on, and says of
-- each whether one is due. It hops from webhook to webhook in the index of pending rows: a backlog of one costs no more
-- than a single row of it.
WITH RECURSIVE holders AS (
    (
        SELECT tenant, webhook_id FROM webhook_deliveries
        WHERE state = 1 AND (tenant, webhook_id) > (:tenant::text, :webhook_id::uuid)
        ORDER BY tenant, webhook_id LIMIT 1
    )
    UNION ALL
    SELECT hop.tenant, hop.webhook_id
    FROM holders CROSS JOIN LATERAL (
        SELECT tenant, webhook_id FROM webhook_deliveries
        WHERE state = 1 AND (tenant, webhook_id) > (holders.tenant, holders.webhook_id)
        ORDER BY tenant, webhook_id LIMIT 1
    ) AS hop
)
SELECT tenant, webhook_id,
       EXISTS (
           SELECT FROM webhook_deliveries AS d
           WHERE d.state = 1 AND d.tenant = holders.tenant AND d.webhook_id = holders.webhook_id AND d.due_time <= now()
       )
       AND EXISTS (
           SELECT FROM webhooks AS w
           WHERE w.tenant = holders.tenant AND w.webhook_id = holders.webhook_id AND NOT w.disabled
       ) AS due
FROM holders
LIMIT :count;

-- name: claim
-- Takes deliveries that are due, of each named webhook as many as are asked for, the longest due first.
WITH wanted AS (
    SELECT * FROM unnest(:tenants::text[], :webhook_ids::uuid[], :counts::int[]) AS w (tenant, webhook_id, count)
),
due AS (
    SELECT one.tenant, one.delivery_id, webhooks.uri, webhooks.secret
    FROM wanted
    JOIN webhooks ON webhooks.tenant = wanted.tenant AND webhooks.webhook_id = wanted.webhook_id AND NOT disabled
    CROSS JOIN LATERAL (
        SELECT d.tenant, d.delivery_id FROM webhook_deliveries AS d
        WHERE d.tenant = wanted.tenant AND d.webhook_id = wanted.webhook_id AND d.state = 1 AND d.due_time <= now()
        ORDER BY d.due_time LIMIT wanted.count
        FOR UPDATE SKIP LOCKED
    ) AS one
)
UPDATE webhook_deliveries AS d
SET attempt = attempt + 1, attempt_time = now(), due_time = now() + :lease_seconds * interval '1 second'
FROM due
WHERE d.tenant = due.tenant AND d.delivery_id = due.delivery_id
RETURNING d.tenant, d.delivery_id, d.webhook_id, d.event, d.job_id, d.transition, d.attempt,
          d.attempt - d.released AS count, d.attempt - d.released - d.earlier AS tries, d.create_time,
          due.uri, due.secret;

-- name: jobs
-- The jobs of deliveries as they were when they ended.
SELECT job.*
FROM unnest(:tenants::text[], :delivery_ids::uuid[]) AS wanted (tenant, delivery_id)
JOIN webhook_deliveries AS d USING (tenant, delivery_id)
CROSS JOIN LATERAL jsonb_populate_record(NULL::jobs, d.job) AS job
WHERE d.job IS NOT NULL;

-- name: settle
-- Writes what became of attempts; fenced, so that whoever lost its lease changes nothing.
WITH outcomes AS (
    SELECT * FROM unnest(
        :tenants::text[], :delivery_ids::uuid[], :attempts::int[], :states::smallint[], :delays_seconds::float8[],
        :status_codes::int[], :errors::text[]
    ) AS o (tenant, delivery_id, attempt, state, delay_seconds, status_code, error)
)
UPDATE webhook_deliveries AS d
SET state = o.state, status_code = o.status_code, error = o.error,
    due_time = now() + o.delay_seconds * interval '1 second', end_time = CASE WHEN o.state <> 1 THEN now() END
FROM outcomes AS o
WHERE d.tenant = o.tenant AND d.delivery_id = o.delivery_id AND d.attempt = o.attempt AND d.state = 1
RETURNING d.delivery_id;

-- name: hand_back
-- Gives back claims to which no answer came because this process ends; they do not count as attempts.
UPDATE webhook_deliveries AS d SET due_time = now(), released = released + 1
FROM unnest(:tenants::text[], :delivery_ids::uuid[], :attempts::int[]) AS h (tenant, delivery_id, attempt)
WHERE d.tenant = h.tenant AND d.delivery_id = h.delivery_id AND d.attempt = h.attempt AND d.state = 1
RETURNING d.delivery_id;

-- name: get
SELECT tenant, delivery_id, webhook_id, event, job_id, state, attempt - released AS count, status_code, error,
       create_time, attempt_time, due_time, end_time
FROM webhook_deliveries
WHERE tenant = :tenant AND webhook_id = :webhook_id AND delivery_id = :delivery_id;

-- name: list
-- The webhooks are looked at as one array: as a join, all deliveries of a tenant would be read to sort them.
SELECT tenant, delivery_id, webhook_id, event, job_id, state, attempt - released AS count, status_code, error,
       create_time, attempt_time, due_time, end_time
FROM webhook_deliveries
WHERE tenant = :tenant AND (:webhook_id::uuid IS NULL OR webhook_id = :webhook_id)
  AND (:state::smallint IS NULL OR state = :state) AND (:before::uuid IS NULL OR delivery_id < :before)
  AND (SELECT array_agg(webhooks.webhook_id) FROM webhooks WHERE tenant = :tenant) @> ARRAY[webhook_id]
ORDER BY delivery_id DESC
LIMIT :count;

-- name: test
INSERT INTO webhook_deliveries (tenant, delivery_id, webhook_id, event)
SELECT tenant, new_uuid7(), webhook_id, 'webhook.test'
FROM webhooks
WHERE tenant = :tenant AND webhook_id = :webhook_id
RETURNING delivery_id;

-- name: redeliver
UPDATE webhook_deliveries
SET state = 1, due_time = now(), earlier = attempt - released, status_code = 0, error = '', end_time = NULL
WHERE tenant = :tenant AND webhook_id = :webhook_id AND delivery_id = :delivery_id
RETURNING delivery_id;

-- name: backlog
-- How many deliveries wait, and for how long the one that has been due longest, over all tenants.
SELECT count(*), coalesce(greatest(extract(epoch FROM now() - min(due_time)), 0), 0)::float8
FROM webhook_deliveries WHERE state = 1;

-- name: end_unwanted
-- Gives up what is due for a webhook that is disabled.
WITH unwanted AS (
    SELECT one.tenant, one.delivery_id
    FROM webhooks CROSS JOIN LATERAL (
        SELECT d.tenant, d.delivery_id FROM webhook_deliveries AS d
        WHERE d.tenant = webhooks.tenant AND d.webhook_id = webhooks.webhook_id AND d.state = 1 AND d.due_time <= now()
        LIMIT :count FOR UPDATE SKIP LOCKED
    ) AS one
    WHERE webhooks.disabled
    LIMIT :count
)
UPDATE webhook_deliveries AS d SET state = 3, error = :error, end_time = now()
FROM unwanted AS u
WHERE d.tenant = u.tenant AND d.delivery_id = u.delivery_id
RETURNING d.delivery_id;

-- name: purge
DELETE FROM webhook_deliveries
WHERE (tenant, delivery_id) IN (
    SELECT tenant, delivery_id FROM webhook_deliveries
    WHERE end_time < now() - :older_seconds * interval '1 second' ORDER BY end_time LIMIT :count
)
RETURNING delivery_id;

-- name: purge_orphans
-- Deletes deliveries whose webhook is gone, found like those of `waiting`, by hops over an index.
WITH RECURSIVE holders AS (
    (SELECT tenant, webhook_id FROM webhook_deliveries ORDER BY tenant, webhook_id LIMIT 1)
    UNION ALL
    SELECT hop.tenant, hop.webhook_id
    FROM holders CROSS JOIN LATERAL (
        SELECT tenant, webhook_id FROM webhook_deliveries
        WHERE (tenant, webhook_id) > (holders.tenant, holders.webhook_id)
        ORDER BY tenant, webhook_id LIMIT 1
    ) AS hop
),
orphans AS (
    SELECT d.tenant, d.delivery_id
    FROM holders AS h JOIN webhook_deliveries AS d ON d.tenant = h.tenant AND d.webhook_id = h.webhook_id
    WHERE NOT EXISTS (SELECT FROM webhooks AS w WHERE w.tenant = h.tenant AND w.webhook_id = h.webhook_id)
    LIMIT :count
)
DELETE FROM webhook_deliveries AS d USING orphans AS o
WHERE d.tenant = o.tenant AND d.delivery_id = o.delivery_id
RETURNING d.delivery_id;
