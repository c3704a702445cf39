-- Rows heard before keep all their stages; what is read of them is the same.
COMMENT ON COLUMN asset_months.stages IS 'the stages whose carbon a study starts from: stage, criterion (gwp) and value';
