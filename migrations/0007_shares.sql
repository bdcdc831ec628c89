-- A sender's share of the room for held and refused text is summed over the tickets that came from there.

CREATE INDEX senders_hash ON senders (hash, ticket);
