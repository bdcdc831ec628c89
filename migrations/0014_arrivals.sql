-- What was said of waiting when a question came, and how it came; see src/desk/figures.h. NULL: from before, not known.
ALTER TABLE tickets ADD COLUMN told TEXT;  -- open, return, full
ALTER TABLE tickets ADD COLUMN way TEXT;   -- script, plain (a page whose script did not run), api
