-- A waiting event is written once, read once and deleted. PostgreSQL compresses rows above 2 kB, which took longer than all else about them:
-- up to 8 kB they stay as they are.
ALTER TABLE outbox SET (toast_tuple_target = 8160);
