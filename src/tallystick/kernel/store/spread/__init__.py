"""Objects cut into shards that members hold for one another: put, read, repaired, scrubbed."""
