"""The kernel's nouns: a port with its laws, concept files, and engines where there are two."""
