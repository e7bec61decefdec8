"""The vocabulary: what members state, one file per family."""
