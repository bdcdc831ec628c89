-- The hours in which helpers were at work, for the figures: without this they read the whole log.
CREATE INDEX log_helpers ON log (at) WHERE author = 'helper';
