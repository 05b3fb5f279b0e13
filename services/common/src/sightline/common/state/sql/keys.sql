-- name: add!
INSERT INTO api_keys (key_id, tenant, display_name, secret_sha256, scopes, limits)
VALUES (:key_id, :tenant, :display_name, :secret_sha256, :scopes, :limits::jsonb);

-- name: add_first
-- The first key of a new database; two gateways that start at once make one between them.
INSERT INTO api_keys (key_id, tenant, display_name, secret_sha256, scopes)
SELECT :key_id, :tenant, :display_name, :secret_sha256, :scopes
FROM (SELECT pg_advisory_xact_lock(7340034)) AS alone
WHERE NOT EXISTS (SELECT FROM api_keys)
RETURNING key_id;

-- name: get
SELECT key_id, tenant, display_name, secret_sha256, scopes, create_time, revoke_time, k.limits,
       coalesce(t.limits, '{}') AS tenant_limits
FROM api_keys AS k LEFT JOIN tenant_limits AS t USING (tenant)
WHERE key_id = :key_id;

-- name: list
SELECT key_id, tenant, display_name, secret_sha256, scopes, create_time, revoke_time, k.limits,
       coalesce(t.limits, '{}') AS tenant_limits
FROM api_keys AS k LEFT JOIN tenant_limits AS t USING (tenant)
ORDER BY create_time;

-- name: revoke
UPDATE api_keys SET revoke_time = coalesce(revoke_time, now()) WHERE key_id = :key_id RETURNING key_id;

-- name: limit_key
-- Changes the limits that are named; null takes one away.
UPDATE api_keys SET limits = jsonb_strip_nulls(limits || :limits::jsonb) WHERE key_id = :key_id RETURNING limits;

-- name: limit_tenant
INSERT INTO tenant_limits (tenant, limits) VALUES (:tenant, jsonb_strip_nulls(:limits::jsonb))
ON CONFLICT (tenant) DO UPDATE SET limits = jsonb_strip_nulls(tenant_limits.limits || :limits::jsonb)
RETURNING limits;
