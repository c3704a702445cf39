-- The spread that a source itself states (a geometric standard deviation squared, 95 %); without it the ratings give one.

ALTER TABLE factor_versions ADD COLUMN gsd2 double precision CHECK (gsd2 >= 1 AND gsd2 < 'Infinity');
