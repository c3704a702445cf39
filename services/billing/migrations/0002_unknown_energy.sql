-- The electricity of an asset's month may be unknown.
ALTER TABLE asset_months ALTER COLUMN kwh DROP NOT NULL;
