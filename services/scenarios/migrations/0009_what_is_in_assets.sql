-- What making an asset weighs and what of it is not charged yet, as footprint tells it. Months heard before are without it.

ALTER TABLE asset_months ADD COLUMN embodied_kg double precision;
ALTER TABLE asset_months ADD COLUMN embodied_left_kg double precision;
COMMENT ON COLUMN asset_months.embodied_kg IS 'of all that is in it when the month ends, for its whole quantity: whole and as new';
COMMENT ON COLUMN asset_months.embodied_left_kg IS 'what of it the months after are charged with';
