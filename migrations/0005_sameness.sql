-- Near copies by shorter bands, of which there are more, and a signature that decides; what moderators taught.

-- minhash: the signature (spam/twin). Bands that were stored before were cut otherwise and match nothing; they go with their rows.
ALTER TABLE twins ADD COLUMN minhash BLOB;
ALTER TABLE twins ADD COLUMN band4 INTEGER;
ALTER TABLE twins ADD COLUMN band5 INTEGER;
ALTER TABLE twins ADD COLUMN band6 INTEGER;
ALTER TABLE twins ADD COLUMN band7 INTEGER;
DROP INDEX twins_band0;
DROP INDEX twins_band1;
DROP INDEX twins_band2;
DROP INDEX twins_band3;
CREATE INDEX twins_band0 ON twins (band0, label) WHERE band0 IS NOT NULL;
CREATE INDEX twins_band1 ON twins (band1, label) WHERE band1 IS NOT NULL;
CREATE INDEX twins_band2 ON twins (band2, label) WHERE band2 IS NOT NULL;
CREATE INDEX twins_band3 ON twins (band3, label) WHERE band3 IS NOT NULL;
CREATE INDEX twins_band4 ON twins (band4, label) WHERE band4 IS NOT NULL;
CREATE INDEX twins_band5 ON twins (band5, label) WHERE band5 IS NOT NULL;
CREATE INDEX twins_band6 ON twins (band6, label) WHERE band6 IS NOT NULL;
CREATE INDEX twins_band7 ON twins (band7, label) WHERE band7 IS NOT NULL;
