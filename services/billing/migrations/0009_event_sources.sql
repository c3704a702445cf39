-- Which partners may report an organisation's use over the broker.
ALTER TABLE contracts ADD COLUMN event_sources text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN contracts.event_sources IS 'the ce_source of each partner that may report use over the broker';
