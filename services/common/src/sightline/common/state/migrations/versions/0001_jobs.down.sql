DROP TABLE idempotency;
DROP TABLE results;
DROP TABLE task_attempts;
DROP TABLE tasks;
DROP TABLE jobs;
DROP TABLE uploads;
DROP TABLE media;
DROP TABLE api_keys;
