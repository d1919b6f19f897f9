"""Compares a scenario's claims with the truth: findings."""
