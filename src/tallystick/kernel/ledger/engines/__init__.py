"""Engines of the ledger: who orders, beside the orderer of one process."""
