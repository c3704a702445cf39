-- The warnings of a result are bits of a number, and the 31 of an integer are all in use. A bigint holds 63. Nothing is computed anew, and
-- what is stored keeps its bits. A process of the version before reads and writes the wider column as it did the narrower one: it knows
-- none of the bits above. See docs/decisions/0099-upstream-and-losses-in-3-3.md.
--
-- The tables are written anew and are locked meanwhile; triggers of closed months are not asked, for no row says anything else.
ALTER TABLE asset_months ALTER COLUMN notices TYPE bigint;
ALTER TABLE restatements ALTER COLUMN notices TYPE bigint;
