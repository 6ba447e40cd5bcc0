"""Descriptions of data and models, for people and for programs."""
