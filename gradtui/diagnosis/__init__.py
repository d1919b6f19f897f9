"""What a scenario claims, compared with what is true: findings."""
