"""Relational folds of the public parts of records."""
