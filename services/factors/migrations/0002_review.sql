-- A draft may be put up for review, and given up. What is given up is kept like everything else.

ALTER TABLE factor_versions DROP CONSTRAINT factor_versions_status_check;
ALTER TABLE factor_versions ADD CONSTRAINT factor_versions_status_check
    CHECK (status IN ('draft', 'review', 'published', 'superseded', 'withdrawn', 'discarded'));

DROP INDEX one_open_draft;
CREATE UNIQUE INDEX one_open_draft ON factor_versions (factor_id) WHERE status IN ('draft', 'review');

CREATE OR REPLACE FUNCTION keep_factor_versions() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'version % of factor % is kept: nothing is deleted', OLD.version, OLD.factor_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.factor_id, NEW.version) IS DISTINCT FROM (OLD.factor_id, OLD.version) THEN
        RAISE EXCEPTION 'a version keeps its factor and its number' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.status IN ('draft', 'review') THEN
        RETURN NEW;
    END IF;
    IF OLD.status = 'published' AND NEW.status = 'superseded'
        AND to_jsonb(NEW) - 'status' = to_jsonb(OLD) - 'status' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'version % of factor % is % and never changes: make a new version',
        OLD.version, OLD.factor_id, OLD.status
        USING ERRCODE = 'restrict_violation';
END $$;
