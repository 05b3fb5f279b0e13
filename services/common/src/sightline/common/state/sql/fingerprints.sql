-- name: announce!
-- Says what is in use now, and forgets what has not been for long.
WITH forgotten AS (
    DELETE FROM fingerprints
    WHERE queue = :queue AND kind = ANY (:kinds::text[]) AND fingerprint <> :fingerprint
      AND announce_time < now() - interval '1 day'
)
INSERT INTO fingerprints (queue, kind, fingerprint)
SELECT :queue, unnest(:kinds::text[]), :fingerprint
ON CONFLICT (queue, kind, fingerprint) DO UPDATE SET announce_time = now();

-- name: current
-- By kind, the fingerprints of those workers that were seen last; with none alive, of the last that were.
SELECT kind, string_agg(fingerprint, '' ORDER BY queue, fingerprint) AS fingerprints
FROM (
    SELECT *, max(announce_time) OVER (PARTITION BY queue, kind) AS latest_time FROM fingerprints
) AS f
WHERE announce_time > latest_time - :silence_seconds * interval '1 second'
GROUP BY kind;
