"""Who orders the chain, who keeps it, and how each member checks all of it."""
