-- name: add
-- Adds a face, unless the person is not there, has as many as may be, or the request id was used before.
WITH person AS (
    SELECT tenant, collection, person_id FROM persons
    WHERE tenant = :tenant AND person_id = :person_id AND (
        SELECT count(*) FROM faces
        WHERE faces.tenant = :tenant AND faces.collection = persons.collection AND faces.person_id = :person_id
    ) < :count_max
    -- Whoever erases the person waits until the face is there, or comes first and it never is.
    FOR KEY SHARE
),
remembered AS (
    INSERT INTO person_requests (tenant, request_id, body_sha256, person_id, face_id)
    SELECT tenant, :request_id::uuid, :body_sha256, person_id, :face_id FROM person WHERE :request_id::uuid IS NOT NULL
    ON CONFLICT (tenant, request_id) DO NOTHING
    RETURNING person_id
)
INSERT INTO faces (
    tenant, collection, person_id, face_id, model_sha256, model_name, model_version, dimensions, embedding, threshold,
    face, width_px, height_px, media_id
)
SELECT tenant, collection, person_id, :face_id, :model_sha256, :model_name, :model_version,
       cardinality(:embedding::float8[]), :embedding::float8[]::halfvec, :threshold, :face, :width_px, :height_px,
       :media_id::uuid
FROM person
WHERE :request_id::uuid IS NULL OR EXISTS (SELECT FROM remembered)
RETURNING person_id, face_id, model_sha256, model_name, model_version, face, width_px, height_px, media_id, create_time;

-- name: get
SELECT faces.person_id, face_id, model_sha256, model_name, model_version, face, width_px, height_px, media_id,
       faces.create_time
FROM persons JOIN faces USING (tenant, collection, person_id)
WHERE tenant = :tenant AND persons.person_id = :person_id AND face_id = :face_id;

-- name: list
SELECT faces.person_id, face_id, model_sha256, model_name, model_version, face, width_px, height_px, media_id,
       faces.create_time
FROM persons JOIN faces USING (tenant, collection, person_id)
WHERE tenant = :tenant AND persons.person_id = :person_id AND (:before::uuid IS NULL OR face_id < :before)
ORDER BY face_id DESC
LIMIT :count;

-- name: delete
WITH gone AS (
    DELETE FROM faces
    WHERE tenant = :tenant AND person_id = :person_id AND face_id = :face_id
      AND collection = (SELECT collection FROM persons WHERE tenant = :tenant AND person_id = :person_id)
    RETURNING tableoid::regclass::text AS part
),
left_over AS (
    INSERT INTO face_leftovers (part, delete_xid) SELECT part, pg_current_xact_id() FROM gone
    ON CONFLICT (part) DO UPDATE SET delete_xid = excluded.delete_xid
),
forgotten AS (
    DELETE FROM person_requests WHERE tenant = :tenant AND person_id = :person_id AND face_id = :face_id
)
SELECT part FROM gone;

-- name: sizes
-- How many faces a search has to do with, and how many share the index with them; counted up to a bound.
SELECT counted.own, greatest(counted.own, coalesce((
    SELECT reltuples::bigint FROM pg_class
    WHERE oid = (SELECT tableoid FROM faces WHERE tenant = :tenant AND collection = :collection LIMIT 1)
), 0)) AS shared
FROM (
    SELECT count(*) AS own FROM (
        SELECT FROM faces
        WHERE tenant = :tenant AND collection = :collection AND model_sha256 = :model_sha256
        LIMIT :bound
    ) AS found
) AS counted;

-- name: outdated
-- How many faces of a collection were made by other models; two ranges of an index, counted up to a bound.
SELECT least(:bound, (
    SELECT count(*) FROM (
        SELECT FROM faces WHERE tenant = :tenant AND collection = :collection AND model_sha256 < :model_sha256
        LIMIT :bound
    ) AS below
) + (
    SELECT count(*) FROM (
        SELECT FROM faces WHERE tenant = :tenant AND collection = :collection AND model_sha256 > :model_sha256
        LIMIT :bound
    ) AS above
))::integer;

-- name: prepare
-- For this transaction: how far the index of vectors is searched, that it goes on while rows of others are in the way,
-- that it is used (any other way would sort), and that the plan knows the tenant.
SELECT set_config('hnsw.ef_search', :ef_search::text, true), set_config('hnsw.iterative_scan', 'strict_order', true),
       set_config('hnsw.max_scan_tuples', '1000000', true), set_config('enable_sort', 'off', true),
       set_config('plan_cache_mode', 'force_custom_plan', true);

-- name: near
SELECT person_id, face_id, threshold::float8 AS threshold,
       1 - (embedding::halfvec(512) <=> :embedding::float8[]::halfvec(512)) AS similarity
FROM faces
WHERE tenant = :tenant AND collection = :collection AND model_sha256 = :model_sha256 AND dimensions = 512
ORDER BY embedding::halfvec(512) <=> :embedding::float8[]::halfvec(512)
LIMIT :count;

-- name: exact
-- No index has this expression: every face of the collection is compared.
SELECT person_id, face_id, threshold::float8 AS threshold, 1 - (embedding <=> :embedding::float8[]::halfvec) AS similarity
FROM faces
WHERE tenant = :tenant AND collection = :collection AND model_sha256 = :model_sha256
  AND dimensions = cardinality(:embedding::float8[])
ORDER BY embedding <=> :embedding::float8[]::halfvec
LIMIT :count;

-- name: leftovers
-- Parts whose deleted rows nobody can see any more, so that their space can be cleared.
SELECT part, delete_xid::text AS delete_xid FROM face_leftovers
WHERE NOT EXISTS (
    SELECT FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND age(backend_xmin) >= age(face_leftovers.delete_xid::xid)
);

-- name: compacted
WITH cleared AS (
    DELETE FROM face_leftovers WHERE part = :part AND delete_xid = :delete_xid::text::xid8
)
UPDATE erasures SET compact_time = now()
WHERE part = :part AND delete_xid <= :delete_xid::text::xid8 AND compact_time IS NULL
RETURNING person_id;
