"""What a block is, pure: a verifier needs this room and a charter, no kernel."""
