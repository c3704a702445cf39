-- An alternative adopted as the plan. A study has one that is active; `expected` is what was computed when it was last changed.
CREATE TABLE plans (
    id            uuid PRIMARY KEY,
    study_id      uuid NOT NULL REFERENCES studies,
    org_id        text NOT NULL,
    study_version integer NOT NULL,
    snapshot      integer NOT NULL,
    definition    jsonb NOT NULL,
    name          text NOT NULL,
    status        text NOT NULL CHECK (status IN ('active', 'closed')),
    closed_reason text,
    expected      jsonb NOT NULL,
    version       integer NOT NULL,
    adopted_at    timestamptz NOT NULL,
    adopted_by    text NOT NULL,
    updated_at    timestamptz NOT NULL
);
SELECT tenant_isolation('plans');
CREATE UNIQUE INDEX plans_active ON plans (study_id) WHERE status = 'active';
CREATE INDEX plans_of_organisation ON plans (org_id, id);
COMMENT ON COLUMN plans.expected IS 'kg by month of the study: of the plan as a whole, and of each action on its assets';

CREATE TABLE plan_actions (
    plan_id      uuid NOT NULL REFERENCES plans ON DELETE CASCADE,
    number       integer NOT NULL,
    org_id       text NOT NULL,
    written      jsonb NOT NULL,
    assets       jsonb NOT NULL,
    status       text NOT NULL CHECK (status IN ('proposed', 'decided', 'done', 'dropped')),
    owner        text,
    due_on       date NOT NULL,
    done_on      date,
    replaced_by  jsonb,
    PRIMARY KEY (plan_id, number)
);
SELECT tenant_isolation('plan_actions');
COMMENT ON COLUMN plan_actions.written IS 'the use of an offer or the action, as in the alternative';
COMMENT ON COLUMN plan_actions.assets IS 'refs of the assets that it is on';
COMMENT ON COLUMN plan_actions.replaced_by IS 'refs of what came in their place; null as long as nobody has said';

-- What was done to the plan, by whom: only ever added to.
CREATE TABLE plan_history (
    plan_id  uuid NOT NULL REFERENCES plans ON DELETE CASCADE,
    version  integer NOT NULL,
    org_id   text NOT NULL,
    at       timestamptz NOT NULL,
    by       text NOT NULL,
    action   integer,
    changes  jsonb NOT NULL,
    note     text,
    PRIMARY KEY (plan_id, version)
);
SELECT tenant_isolation('plan_history');
COMMENT ON COLUMN plan_history.changes IS 'by field: [before, after]';

CREATE POLICY shared ON plans FOR SELECT USING (study_id IN (SELECT study_id FROM study_shares));
CREATE POLICY shared ON plan_actions FOR SELECT USING (plan_id IN (SELECT id FROM plans));
CREATE POLICY shared ON plan_history FOR SELECT USING (plan_id IN (SELECT id FROM plans));
