-- What the machines of a host are told apart by when it is shared out.
ALTER TABLE sites ADD COLUMN allocation_by text NOT NULL DEFAULT 'vcpu';
