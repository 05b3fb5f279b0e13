DROP INDEX tasks_lost;
ALTER TABLE tasks DROP COLUMN lost;
