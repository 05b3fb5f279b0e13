-- name: add!
INSERT INTO api_keys (key_id, tenant, display_name, secret_sha256, scopes)
VALUES (:key_id, :tenant, :display_name, :secret_sha256, :scopes);

-- name: add_first
-- The first key of a new database; two gateways that start at once make one between them.
INSERT INTO api_keys (key_id, tenant, display_name, secret_sha256, scopes)
SELECT :key_id, :tenant, :display_name, :secret_sha256, :scopes
FROM (SELECT pg_advisory_xact_lock(7340034)) AS alone
WHERE NOT EXISTS (SELECT FROM api_keys)
RETURNING key_id;

-- name: get
SELECT key_id, tenant, display_name, secret_sha256, scopes, create_time, revoke_time FROM api_keys WHERE key_id = :key_id;

-- name: list
SELECT key_id, tenant, display_name, secret_sha256, scopes, create_time, revoke_time FROM api_keys ORDER BY create_time;

-- name: revoke
UPDATE api_keys SET revoke_time = coalesce(revoke_time, now()) WHERE key_id = :key_id RETURNING key_id;
