"""The only door to plaintext: keys, permits, receipts."""
