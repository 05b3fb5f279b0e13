-- name: add
INSERT INTO media (
    tenant, media_id, display_name, content_type, size_bytes, sha256, width_px, height_px, blob_key, upload_id, expire_time
)
VALUES (
    :tenant, :media_id, :display_name, :content_type, :size_bytes, :sha256, :width_px, :height_px, :blob_key, :upload_id,
    now() + :keep_seconds::float8 * interval '1 second'
)
RETURNING *;

-- name: get
SELECT * FROM media WHERE tenant = :tenant AND media_id = :media_id;

-- name: by_upload
SELECT * FROM media WHERE tenant = :tenant AND upload_id = :upload_id;

-- name: list
SELECT * FROM media
WHERE tenant = :tenant AND (:before::uuid IS NULL OR media_id < :before)
ORDER BY media_id DESC
LIMIT :count;

-- name: delete
DELETE FROM media WHERE tenant = :tenant AND media_id = :media_id RETURNING blob_key;

-- name: existing
SELECT tenant, media_id FROM media
WHERE (tenant, media_id) IN (SELECT * FROM unnest(:tenants::text[], :media_ids::uuid[]));

-- name: purge
DELETE FROM media
WHERE (tenant, media_id) IN (
    SELECT tenant, media_id FROM media WHERE expire_time < now() ORDER BY expire_time LIMIT :count
)
RETURNING blob_key;

-- name: begin_upload
INSERT INTO uploads (tenant, upload_id, display_name, sha256, size_bytes)
VALUES (:tenant, :upload_id, :display_name, :sha256, :size_bytes)
ON CONFLICT (tenant, upload_id) DO UPDATE SET update_time = now()
RETURNING *;

-- name: get_upload
SELECT * FROM uploads WHERE tenant = :tenant AND upload_id = :upload_id;

-- name: extend_upload
UPDATE uploads
SET received_bytes = received_bytes + :added_bytes, blob_keys = blob_keys || :blob_key::text, update_time = now()
WHERE tenant = :tenant AND upload_id = :upload_id AND received_bytes = :offset_bytes
RETURNING *;

-- name: end_upload
DELETE FROM uploads WHERE tenant = :tenant AND upload_id = :upload_id RETURNING blob_keys;

-- name: purge_uploads
DELETE FROM uploads
WHERE (tenant, upload_id) IN (
    SELECT tenant, upload_id FROM uploads
    WHERE update_time < now() - :older_seconds * interval '1 second' ORDER BY update_time LIMIT :count
)
RETURNING blob_keys;
