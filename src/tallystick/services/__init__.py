"""One folder per promise; none imports another."""
