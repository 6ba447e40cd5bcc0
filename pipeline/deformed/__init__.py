"""Digits without end: deformed copies of images, each from its own whole random numbers."""
