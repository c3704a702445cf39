-- What a second use carries of refurbished kit is settled with the life that it had first: an asset-month keeps the days of its first life
-- (planned, or usual for its kind) and of its second use, so that a life extended after a closing spreads what is left of the same kg.
-- NULL for what is not refurbished, and in months that an earlier version computed: there the life of today says it.
ALTER TABLE asset_months ADD COLUMN first_life_days double precision;
ALTER TABLE asset_months ADD COLUMN use_days double precision;
