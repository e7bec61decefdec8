"""Training maths in floats; everything it publishes is an integer object of `exact`."""
