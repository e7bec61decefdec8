"""A synthetic county with planted truth, acted out through its members' desks."""
