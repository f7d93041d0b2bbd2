"""Measurements: programs, not tests."""
