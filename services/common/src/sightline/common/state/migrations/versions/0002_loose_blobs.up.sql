-- Blobs that no row owns yet or any more. A key is written here before its bytes are, and again in the statement that
-- deletes its row, so that whatever dies in between, housekeeping finds the bytes when they are due.
CREATE TABLE loose_blobs (
    blob_key text PRIMARY KEY,
    due_time timestamptz NOT NULL
);
CREATE INDEX loose_blobs_due ON loose_blobs (due_time);
