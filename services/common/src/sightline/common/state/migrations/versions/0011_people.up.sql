-- People, their enrolled faces, and what is kept of those who were erased. docs/decisions/people.md says why so.

CREATE TABLE persons (
    tenant        text NOT NULL,
    -- A UUID of version 7: the order of the list.
    person_id     uuid NOT NULL,
    collection    text NOT NULL DEFAULT '',
    display_name  text NOT NULL,
    consent       text NOT NULL,
    purpose       text NOT NULL,
    erase_sources boolean NOT NULL DEFAULT false,
    expire_time   timestamptz,
    create_time   timestamptz NOT NULL DEFAULT now(),
    update_time   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, person_id)
);
CREATE INDEX persons_of_collection ON persons (tenant, collection, person_id);
CREATE INDEX persons_expiring ON persons (expire_time) WHERE expire_time IS NOT NULL;

-- Calls that may be repeated: what each has made. Gone with the person.
CREATE TABLE person_requests (
    tenant      text NOT NULL,
    request_id  uuid NOT NULL,
    body_sha256 bytea NOT NULL,
    person_id   uuid NOT NULL,
    -- NULL for the creation of the person itself.
    face_id     uuid,
    create_time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, request_id),
    FOREIGN KEY (tenant, person_id) REFERENCES persons ON DELETE CASCADE
);
CREATE INDEX person_requests_of_person ON person_requests (tenant, person_id);
CREATE INDEX person_requests_by_age ON person_requests (create_time);

-- The receipts: nothing in them tells who it was.
CREATE TABLE erasures (
    tenant         text NOT NULL,
    person_id      uuid NOT NULL,
    -- 1 asked for, 2 expired: the numbers of sightline.v1.ErasureReceipt.Cause.
    cause          smallint NOT NULL,
    erased_vectors integer NOT NULL,
    erased_results integer NOT NULL,
    erased_blobs   integer NOT NULL,
    -- The files that are still to be deleted; empty once they are.
    blob_keys      text[] NOT NULL DEFAULT '{}',
    -- Which part of `faces` the vectors lay in, empty where there were none, and the transaction that deleted them.
    part           text NOT NULL,
    delete_xid     xid8 NOT NULL DEFAULT pg_current_xact_id(),
    create_time    timestamptz NOT NULL DEFAULT now(),
    erase_time     timestamptz,
    compact_time   timestamptz,
    PRIMARY KEY (tenant, person_id)
);
CREATE INDEX erasures_unfinished ON erasures (create_time) WHERE erase_time IS NULL;
CREATE INDEX erasures_uncompacted ON erasures (part, delete_xid) WHERE compact_time IS NULL;

-- Parts of `faces` with deleted rows whose space is not cleared yet, and the latest transaction that deleted some.
CREATE TABLE face_leftovers (
    part       text PRIMARY KEY,
    delete_xid xid8 NOT NULL
);

-- Makes what needs pgvector, if it is there: by this migration, or by a later run of `sightline.common.state upgrade`.
CREATE FUNCTION enable_faces() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass('faces') IS NOT NULL THEN
        RETURN true;
    END IF;
    -- CASE, since versions of other extensions are no numbers.
    IF NOT EXISTS (SELECT FROM pg_available_extension_versions
                   WHERE CASE WHEN name = 'vector' THEN string_to_array(version, '.')::int[] >= '{0,8}' END) THEN
        RETURN false;
    END IF;
    BEGIN
        CREATE EXTENSION IF NOT EXISTS vector;
        IF (SELECT string_to_array(extversion, '.')::int[] < '{0,8}' FROM pg_extension WHERE extname = 'vector') THEN
            ALTER EXTENSION vector UPDATE;
        END IF;
    EXCEPTION WHEN insufficient_privilege THEN
        RETURN false; -- who owns the server has to make it
    END;
    CREATE TABLE faces (
        tenant       text NOT NULL,
        collection   text NOT NULL,
        person_id    uuid NOT NULL,
        -- A UUID of version 7: the order of the list.
        face_id      uuid NOT NULL,
        -- Vectors of two models are never compared: every search names the model by its weights.
        model_sha256  bytea NOT NULL,
        model_name    text NOT NULL,
        model_version text NOT NULL,
        dimensions    smallint NOT NULL,
        -- Of unit length. Half precision: half the memory, and cosines are right to three digits.
        embedding     halfvec NOT NULL,
        -- Least cosine at which this face counts as somebody's; stricter for weak ones.
        threshold     real NOT NULL,
        -- A serialised sightline.v1.Face without its embedding, and the size of its picture.
        face          bytea NOT NULL,
        width_px      integer NOT NULL,
        height_px     integer NOT NULL,
        media_id      uuid,
        create_time   timestamptz NOT NULL DEFAULT now(),
        -- No foreign key: it would want an index of its own. Who adds a face holds the person, who erases one too.
        PRIMARY KEY (tenant, collection, person_id, face_id)
    ) PARTITION BY HASH (tenant, collection);
    -- Inside the row, where a scan of a small collection finds them; nothing is gained by compressing them.
    ALTER TABLE faces ALTER COLUMN embedding SET STORAGE PLAIN;
    FOR part IN 0..15 LOOP
        EXECUTE 'CREATE TABLE faces_' || part || ' PARTITION OF faces FOR VALUES WITH (MODULUS 16, REMAINDER ' || part || ')';
    END LOOP;
    CREATE INDEX faces_of_model ON faces (tenant, collection, model_sha256);
    -- One index for each number of dimensions in use; vectors of others are compared one by one.
    CREATE INDEX faces_near_512 ON faces USING hnsw ((embedding::halfvec(512)) halfvec_cosine_ops)
        WITH (m = 24, ef_construction = 128) WHERE dimensions = 512;
    RETURN true;
END
$$;

SELECT enable_faces();
