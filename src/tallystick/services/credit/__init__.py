"""Loans, funds and what the household says it received."""
