-- How far the helper who holds a conversation has read; the asker's mark is asker_read.
ALTER TABLE tickets ADD COLUMN helper_read INTEGER NOT NULL DEFAULT 0;
