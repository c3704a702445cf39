-- By which rule the hosts of a site are shared out, over days; the columns beside are those of the latest, and hold on days that none covers.
ALTER TABLE sites ADD COLUMN allocations jsonb NOT NULL DEFAULT '[]';
