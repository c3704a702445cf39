-- Nothing before the Unix second `since` is touched by what set a mark; 0: everything may be.
ALTER TABLE marks ADD COLUMN since bigint NOT NULL DEFAULT 0;
