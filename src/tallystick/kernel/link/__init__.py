"""Requests from member to member, and the table of handlers that answer them."""
