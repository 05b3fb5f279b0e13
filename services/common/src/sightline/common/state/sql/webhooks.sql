-- name: add
-- Adds a webhook unless its request id was used before or the tenant has as many as it may have.
INSERT INTO webhooks (
    tenant, webhook_id, uri, display_name, disabled, states, kinds, labels, secret, request_id, body_sha256
)
SELECT :tenant, :webhook_id, :uri, :display_name, :disabled, :states::smallint[], :kinds::text[], :labels::jsonb,
       :secret, :request_id::uuid, :body_sha256
WHERE (SELECT count(*) FROM webhooks WHERE tenant = :tenant) < :count_max
ON CONFLICT (tenant, request_id) WHERE request_id IS NOT NULL DO NOTHING
RETURNING *;

-- name: by_request
SELECT * FROM webhooks WHERE tenant = :tenant AND request_id = :request_id;

-- name: get
SELECT * FROM webhooks WHERE tenant = :tenant AND webhook_id = :webhook_id;

-- name: list
SELECT * FROM webhooks
WHERE tenant = :tenant AND (:before::uuid IS NULL OR webhook_id < :before)
ORDER BY webhook_id DESC
LIMIT :count;

-- name: update
-- What is NULL stays as it is.
UPDATE webhooks SET
    uri = coalesce(:uri, uri), display_name = coalesce(:display_name, display_name),
    disabled = coalesce(:disabled, disabled), states = coalesce(:states::smallint[], states),
    kinds = coalesce(:kinds::text[], kinds), labels = coalesce(:labels::jsonb, labels), update_time = now()
WHERE tenant = :tenant AND webhook_id = :webhook_id
RETURNING *;

-- name: delete
-- Its deliveries follow in small batches: upkeep finds those that belong to no webhook.
DELETE FROM webhooks WHERE tenant = :tenant AND webhook_id = :webhook_id RETURNING webhook_id;
