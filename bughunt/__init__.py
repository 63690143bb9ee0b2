"""Judges tests: runs them against an app, its variations and its bugs."""
