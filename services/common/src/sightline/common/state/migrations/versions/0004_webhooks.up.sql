-- Webhooks, and their deliveries. A delivery is written by the very transaction that ends a job, whichever statement
-- that is: a trigger, because a webhook that one of many statements forgets is a webhook that is lost in silence.
-- docs/decisions/webhooks.md says what it costs.

CREATE TABLE webhooks (
    tenant       text NOT NULL,
    webhook_id   uuid NOT NULL,
    uri          text NOT NULL,
    display_name text NOT NULL DEFAULT '',
    disabled     boolean NOT NULL DEFAULT false,
    -- What is told; empty means all.
    states       smallint[] NOT NULL DEFAULT '{}',
    kinds        text[] NOT NULL DEFAULT '{}',
    labels       jsonb NOT NULL DEFAULT '{}',
    -- Itself and no digest: whoever signs needs it.
    secret       bytea NOT NULL,
    request_id   uuid,
    body_sha256  bytea NOT NULL,
    create_time  timestamptz NOT NULL DEFAULT now(),
    update_time  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, webhook_id)
);
CREATE UNIQUE INDEX webhooks_by_request ON webhooks (tenant, request_id) WHERE request_id IS NOT NULL;

CREATE TABLE webhook_deliveries (
    tenant       text NOT NULL,
    -- A UUID of version 7: the order of the list, and what the receiver tells repeats by.
    delivery_id  uuid NOT NULL,
    -- No foreign key: its check would let the deletion of a webhook fail or delay the end of a job.
    webhook_id   uuid NOT NULL,
    event        text NOT NULL,
    job_id       uuid,
    transition   integer,
    -- The row of the job as it ended: what is told must not change, and the job may be deleted or run again meanwhile.
    job          jsonb,
    -- 1 pending, 2 delivered, 3 dead: the numbers of sightline.v1.WebhookDelivery.State.
    state        smallint NOT NULL DEFAULT 1,
    -- Counts every claim and is the fencing token, as for tasks.
    attempt      integer NOT NULL DEFAULT 0,
    -- Claims that were handed back before an answer came, and attempts before the latest redelivery.
    released     integer NOT NULL DEFAULT 0,
    earlier      integer NOT NULL DEFAULT 0,
    -- When it may be claimed; a claim moves it to the end of the lease, so that what nobody settles is claimed again.
    due_time     timestamptz NOT NULL DEFAULT now(),
    status_code  integer NOT NULL DEFAULT 0,
    error        text NOT NULL DEFAULT '',
    create_time  timestamptz NOT NULL DEFAULT now(),
    attempt_time timestamptz,
    end_time     timestamptz,
    PRIMARY KEY (tenant, delivery_id)
);
-- One delivery for each webhook and each end of a job.
CREATE UNIQUE INDEX webhook_deliveries_once ON webhook_deliveries (tenant, webhook_id, job_id, transition)
    WHERE job_id IS NOT NULL;
CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (tenant, webhook_id, due_time) WHERE state = 1;
CREATE INDEX webhook_deliveries_of_webhook ON webhook_deliveries (tenant, webhook_id, delivery_id);
CREATE INDEX webhook_deliveries_dead ON webhook_deliveries (tenant, delivery_id) WHERE state = 3;
CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (end_time) WHERE end_time IS NOT NULL;

-- PostgreSQL has uuidv7() from 18 on. Source: RFC 9562, section 5.7, from a random UUID of version 4.
CREATE FUNCTION new_uuid7() RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT encode(
        set_bit(set_bit(overlay(
            uuid_send(gen_random_uuid())
            PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6
        ), 52, 1), 53, 1), 'hex')::uuid
$$;

CREATE FUNCTION tell_webhooks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Asked apart: to begin an INSERT opens every index of the table, which costs those who have no webhook twice this.
    IF NOT EXISTS (SELECT FROM webhooks WHERE tenant = NEW.tenant) THEN
        RETURN NULL;
    END IF;
    INSERT INTO webhook_deliveries (tenant, delivery_id, webhook_id, event, job_id, transition, job)
    SELECT NEW.tenant, new_uuid7(), webhook_id,
           CASE NEW.state WHEN 3 THEN 'job.succeeded' WHEN 4 THEN 'job.failed' ELSE 'job.cancelled' END,
           NEW.job_id, cardinality(NEW.history), to_jsonb(NEW)
    FROM webhooks
    WHERE tenant = NEW.tenant AND NOT disabled
      AND (states = '{}' OR NEW.state = ANY (states)) AND (kinds = '{}' OR NEW.kind = ANY (kinds))
      AND NEW.labels @> labels
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

CREATE TRIGGER jobs_told_at_end AFTER UPDATE OF state ON jobs
    FOR EACH ROW WHEN (NEW.state >= 3 AND OLD.state < 3) EXECUTE FUNCTION tell_webhooks();
-- A job that shares the result of another may be stored as ended.
CREATE TRIGGER jobs_told_at_once AFTER INSERT ON jobs
    FOR EACH ROW WHEN (NEW.state >= 3) EXECUTE FUNCTION tell_webhooks();
