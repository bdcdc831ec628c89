-- Good texts that are near copies of one that taught: they teach no words, but they are texts of their language that somebody decided. The row of such a
-- text in `learned` has a language, the label 0, no words, and no day, so that it is none of its network's three.
ALTER TABLE learned_languages ADD COLUMN ham_copies INTEGER NOT NULL DEFAULT 0;
