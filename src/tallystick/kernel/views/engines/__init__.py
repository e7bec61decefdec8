"""Engines of the views."""
