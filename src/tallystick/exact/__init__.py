"""Integer evaluators: what decisions, batch scoring and replay run on, bit for bit."""
