-- name: add
-- An upload becomes one file: the second of two calls that finish it adds nothing, and its blob stays loose.
WITH added AS (
    INSERT INTO media (
        tenant, media_id, display_name, content_type, size_bytes, sha256, width_px, height_px, blob_key, upload_id,
        expire_time
    )
    VALUES (
        :tenant, :media_id, :display_name, :content_type, :size_bytes, :sha256, :width_px, :height_px, :blob_key,
        :upload_id, now() + :keep_seconds::float8 * interval '1 second'
    )
    ON CONFLICT (tenant, upload_id) WHERE upload_id IS NOT NULL DO NOTHING
    RETURNING *
),
owned AS (
    DELETE FROM loose_blobs USING added WHERE loose_blobs.blob_key = added.blob_key
)
SELECT * FROM added;

-- name: get
SELECT * FROM media WHERE tenant = :tenant AND media_id = :media_id;

-- name: by_id
SELECT * FROM media WHERE tenant = :tenant AND media_id = ANY (:media_ids::uuid[]);

-- name: by_upload
SELECT * FROM media WHERE tenant = :tenant AND upload_id = :upload_id;

-- name: list
SELECT * FROM media
WHERE tenant = :tenant AND (:before::uuid IS NULL OR media_id < :before)
ORDER BY media_id DESC
LIMIT :count;

-- name: delete
-- A trigger notes the blob of every row that goes as one that nobody owns.
WITH gone AS (
    DELETE FROM media WHERE tenant = :tenant AND media_id = :media_id RETURNING tenant, job_id, blob_key
),
-- A job that was done and has lost a file that it made is no answer to who asks for the same work.
parted AS (
    UPDATE jobs SET work_key = NULL FROM gone
    WHERE jobs.tenant = gone.tenant AND jobs.job_id = gone.job_id AND state = 3 AND work_key IS NOT NULL
)
SELECT blob_key FROM gone;

-- name: existing
SELECT tenant, media_id, sha256 FROM media
WHERE (tenant, media_id) IN (SELECT * FROM unnest(:tenants::text[], :media_ids::uuid[]));

-- name: purge
-- The files of a job go with the job, which may still run.
DELETE FROM media
WHERE (tenant, media_id) IN (
    SELECT tenant, media_id FROM media
    WHERE expire_time < now() AND job_id IS NULL ORDER BY expire_time LIMIT :count
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
WITH extended AS (
    UPDATE uploads
    SET received_bytes = received_bytes + :added_bytes, blob_keys = blob_keys || :blob_key::text, update_time = now()
    WHERE tenant = :tenant AND upload_id = :upload_id AND received_bytes = :offset_bytes
    RETURNING *
),
owned AS (
    DELETE FROM loose_blobs WHERE blob_key = :blob_key AND EXISTS (SELECT FROM extended)
)
SELECT * FROM extended;

-- name: end_upload
WITH gone AS (
    DELETE FROM uploads WHERE tenant = :tenant AND upload_id = :upload_id RETURNING blob_keys
),
loosened AS (
    INSERT INTO loose_blobs (blob_key, due_time) SELECT unnest(blob_keys), now() FROM gone ON CONFLICT DO NOTHING
)
SELECT blob_keys FROM gone;

-- name: purge_uploads
WITH gone AS (
    DELETE FROM uploads
    WHERE (tenant, upload_id) IN (
        SELECT tenant, upload_id FROM uploads
        WHERE update_time < now() - :older_seconds * interval '1 second' ORDER BY update_time LIMIT :count
    )
    RETURNING blob_keys
),
loosened AS (
    INSERT INTO loose_blobs (blob_key, due_time) SELECT unnest(blob_keys), now() FROM gone ON CONFLICT DO NOTHING
)
SELECT blob_keys FROM gone;

-- name: loosen!
INSERT INTO loose_blobs (blob_key, due_time)
VALUES (:blob_key, now() + :due_seconds::float8 * interval '1 second')
ON CONFLICT (blob_key) DO UPDATE SET due_time = excluded.due_time;

-- name: loose
SELECT blob_key FROM loose_blobs WHERE due_time < now() ORDER BY due_time LIMIT :count;

-- name: settle!
DELETE FROM loose_blobs WHERE blob_key = ANY(:blob_keys::text[]);
