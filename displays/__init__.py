"""What visitors and staff see and hear."""
