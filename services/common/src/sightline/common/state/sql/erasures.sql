-- name: lock
SELECT collection, erase_sources FROM persons WHERE tenant = :tenant AND person_id = :person_id FOR UPDATE;

-- name: faces
WITH gone AS (
    DELETE FROM faces WHERE tenant = :tenant AND collection = :collection AND person_id = :person_id
    RETURNING media_id, tableoid::regclass::text AS part
),
left_over AS (
    INSERT INTO face_leftovers (part, delete_xid) SELECT DISTINCT part, pg_current_xact_id() FROM gone
    ON CONFLICT (part) DO UPDATE SET delete_xid = excluded.delete_xid
)
SELECT count(*)::integer, coalesce(array_agg(DISTINCT media_id) FILTER (WHERE media_id IS NOT NULL), '{}'),
       coalesce(min(part), '')
FROM gone;

-- name: sources
-- Erases media, and every job on them or on media with the same bytes, in any state, with its results and files.
WITH targets AS (
    SELECT job_id FROM jobs
    WHERE tenant = :tenant AND media_id IN (
        SELECT unnest(:media_ids::uuid[])
        UNION
        SELECT same.media_id FROM media AS same
        WHERE same.tenant = :tenant AND same.sha256 IN (
            SELECT sha256 FROM media WHERE tenant = :tenant AND media_id = ANY (:media_ids::uuid[])
        )
    )
),
files AS (
    SELECT blob_key FROM media WHERE tenant = :tenant AND job_id IN (SELECT job_id FROM targets)
),
media_gone AS (
    DELETE FROM media WHERE tenant = :tenant AND media_id = ANY (:media_ids::uuid[]) RETURNING blob_key
),
counted AS (
    SELECT count(*)::integer AS results FROM results WHERE tenant = :tenant AND job_id IN (SELECT job_id FROM targets)
),
jobs_gone AS (
    DELETE FROM jobs WHERE tenant = :tenant AND job_id IN (SELECT job_id FROM targets) RETURNING job_id
)
SELECT ARRAY(SELECT blob_key FROM media_gone UNION SELECT blob_key FROM files), (SELECT results FROM counted);

-- name: finish_person!
-- The last of the transaction: the person goes, with the request ids, and what is known of the erasure is kept.
WITH gone AS (
    DELETE FROM persons WHERE tenant = :tenant AND person_id = :person_id
)
INSERT INTO erasures (tenant, person_id, cause, erased_vectors, erased_results, erased_blobs, blob_keys, part)
VALUES (
    :tenant, :person_id, :cause, :erased_vectors, :erased_results, cardinality(:blob_keys::text[]), :blob_keys::text[],
    :part
);

-- name: complete
-- Says that an erasure is complete, if every file is deleted.
UPDATE erasures SET erase_time = now(), blob_keys = '{}',
    compact_time = CASE WHEN part = '' THEN now() ELSE compact_time END
WHERE tenant = :tenant AND person_id = :person_id AND erase_time IS NULL
  AND NOT EXISTS (SELECT FROM loose_blobs WHERE blob_key = ANY (erasures.blob_keys))
RETURNING person_id;

-- name: get
SELECT person_id, cause, erased_vectors, erased_results, erased_blobs, blob_keys, erase_time, compact_time
FROM erasures
WHERE tenant = :tenant AND person_id = :person_id;

-- name: expired
SELECT tenant, person_id FROM persons WHERE expire_time <= now() ORDER BY expire_time LIMIT :count;

-- name: unfinished
SELECT tenant, person_id FROM erasures WHERE erase_time IS NULL ORDER BY create_time LIMIT :count;
