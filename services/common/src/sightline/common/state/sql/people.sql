-- name: add
-- Adds a person, unless the request id was used before. Also says that the table of faces is there.
WITH remembered AS (
    INSERT INTO person_requests (tenant, request_id, body_sha256, person_id)
    SELECT :tenant, :request_id::uuid, :body_sha256, :person_id WHERE :request_id::uuid IS NOT NULL
    ON CONFLICT (tenant, request_id) DO NOTHING
    RETURNING person_id
)
INSERT INTO persons (tenant, person_id, collection, display_name, consent, purpose, erase_sources, expire_time)
SELECT :tenant, :person_id, :collection, :display_name, :consent, :purpose, :erase_sources, :expire_time::timestamptz
WHERE :request_id::uuid IS NULL OR EXISTS (SELECT FROM remembered)
RETURNING *, (SELECT count(*)::integer FROM faces WHERE false) AS face_count;

-- name: by_request
SELECT body_sha256, person_id, face_id FROM person_requests WHERE tenant = :tenant AND request_id = :request_id;

-- name: get
SELECT persons.*, (
    SELECT count(*)::integer FROM faces
    WHERE faces.tenant = :tenant AND faces.collection = persons.collection AND faces.person_id = persons.person_id
) AS face_count
FROM persons
WHERE tenant = :tenant AND person_id = ANY (:person_ids::uuid[]);

-- name: list
SELECT persons.*, (
    SELECT count(*)::integer FROM faces
    WHERE faces.tenant = :tenant AND faces.collection = persons.collection AND faces.person_id = persons.person_id
) AS face_count
FROM persons
WHERE tenant = :tenant AND collection = :collection AND (:before::uuid IS NULL OR person_id < :before)
ORDER BY person_id DESC
LIMIT :count;

-- name: list_all
SELECT persons.*, (
    SELECT count(*)::integer FROM faces
    WHERE faces.tenant = :tenant AND faces.collection = persons.collection AND faces.person_id = persons.person_id
) AS face_count
FROM persons
WHERE tenant = :tenant AND (:before::uuid IS NULL OR person_id < :before)
ORDER BY person_id DESC
LIMIT :count;

-- name: update
-- What is NULL stays as it is; a time of the end can also be taken away.
UPDATE persons SET
    display_name = coalesce(:display_name, display_name), consent = coalesce(:consent, consent),
    purpose = coalesce(:purpose, purpose), erase_sources = coalesce(:erase_sources, erase_sources),
    expire_time = CASE WHEN :expires THEN :expire_time::timestamptz ELSE expire_time END, update_time = now()
WHERE tenant = :tenant AND person_id = :person_id
RETURNING person_id;

-- name: purge_requests
DELETE FROM person_requests
WHERE (tenant, request_id) IN (
    SELECT tenant, request_id FROM person_requests
    WHERE create_time < now() - :older_seconds * interval '1 second' ORDER BY create_time LIMIT :count
)
RETURNING request_id;
