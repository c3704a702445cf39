-- Activities for a record that proved to be another asset are that one's, until the merger is undone.

ALTER TABLE asset_mergers ADD COLUMN activities jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN asset_mergers.activities IS 'activities that moved to the winner: [id, version that the move made]';
