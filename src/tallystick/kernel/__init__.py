"""The kernel's nouns: each is a port with its laws, concept files, and engines where there are two."""
