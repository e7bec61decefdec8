"""Objects by CID: ciphertext and public bytes, and the database files they stand in."""
