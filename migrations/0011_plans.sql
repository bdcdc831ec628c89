-- Indexes for what is asked each minute and for each `next`.

-- The last decisions that overturned one of the desk's.
CREATE INDEX labels_good ON labels (at) WHERE label = 2 AND undone = 0;
-- Texts whose sender is still named: few, and no longer than two days.
CREATE INDEX twins_named ON twins (at) WHERE sender IS NOT NULL;
-- Without the state as its first column it was never chosen over tickets_queue.
DROP INDEX tickets_proven;
CREATE INDEX tickets_proven ON tickets (state, proven, anchor, id) WHERE state = 'queued';
