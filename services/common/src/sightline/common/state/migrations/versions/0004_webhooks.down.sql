DROP TRIGGER jobs_told_at_once ON jobs;
DROP TRIGGER jobs_told_at_end ON jobs;
DROP FUNCTION tell_webhooks();
DROP FUNCTION new_uuid7();
DROP TABLE webhook_deliveries;
DROP TABLE webhooks;
