"""Names that point: signed records, as the IPNS record specification has them."""
