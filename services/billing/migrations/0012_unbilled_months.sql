-- A month of which a run had found nothing to bill, and now there is something, is told of too.
ALTER TABLE reconciliations DROP CONSTRAINT reconciliations_check;
ALTER TABLE reconciliations ADD CONSTRAINT issued_months_are_compared CHECK (number IS NULL OR owed IS NOT NULL);
COMMENT ON COLUMN reconciliations.owed IS
    'euros, net: what the month comes to now, less what has been billed of it; null where it has not been run';

ALTER TABLE alerts DROP CONSTRAINT alerts_finding_check;
ALTER TABLE alerts DROP CONSTRAINT of_a_threshold_or_a_finding;
ALTER TABLE alerts
    ADD CONSTRAINT alerts_finding_check CHECK (
        finding IN ('billed_only', 'other_only', 'quantities_differ', 'issued_month_differs', 'unbilled_month')
    ),
    ADD CONSTRAINT of_a_threshold_or_a_finding CHECK (
        CASE WHEN finding IS NULL
            THEN num_nulls(threshold_id, measure, amount, value) = 0 AND num_nonnulls(day, number, ended_at) = 0
            WHEN finding = 'issued_month_differs'
            THEN num_nulls(number, value) = 0 AND num_nonnulls(threshold_id, measure, amount, day) = 0
            WHEN finding = 'unbilled_month'
            THEN value IS NOT NULL AND num_nonnulls(threshold_id, measure, amount, day, number) = 0
            ELSE day IS NOT NULL AND num_nonnulls(threshold_id, measure, amount, value, number) = 0
        END
    );
