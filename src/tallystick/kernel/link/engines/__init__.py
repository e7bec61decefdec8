"""Engines of the link."""
