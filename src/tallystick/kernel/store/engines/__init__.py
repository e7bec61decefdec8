"""Engines of the store."""
