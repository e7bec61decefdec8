"""Pure ground: errors, bytes, keys, clock; imports nothing of the house."""
