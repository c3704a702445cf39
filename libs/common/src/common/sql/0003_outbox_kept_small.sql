-- Events come and go at thousands a second under an import: a vacuum that pauses to spare the disk falls behind, and the table grows by all
-- that went. There is little in it that stays, so it is soon done.
ALTER TABLE outbox SET (autovacuum_vacuum_cost_delay = 0);
