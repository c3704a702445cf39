-- How assets stand at the end of a month, for whom starts from there. Rows of before are without it until they are computed again.

ALTER TABLE asset_months ADD COLUMN embodied_kg double precision;
ALTER TABLE asset_months ADD COLUMN embodied_left_kg double precision;
COMMENT ON COLUMN asset_months.embodied_kg IS 'what making all that is in it when the month ends weighs, whole and as new';
COMMENT ON COLUMN asset_months.embodied_left_kg IS 'what of it the months after are to be charged with';
