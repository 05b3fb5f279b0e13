DROP TRIGGER attempts_used ON task_attempts;
DROP TRIGGER jobs_used ON jobs;
DROP FUNCTION note_work();
DROP FUNCTION note_ended_jobs();
DROP TABLE usage_news;
DROP TABLE usage_hourly;
DROP TABLE tenant_limits;
ALTER TABLE api_keys DROP COLUMN limits;
