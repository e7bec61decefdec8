"""Who belongs to the chain, with which keys and under which limits: proposed, voted, in force."""
