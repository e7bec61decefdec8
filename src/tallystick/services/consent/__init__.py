"""Parties, mandates and grants: who speaks for whom, who may read what."""
