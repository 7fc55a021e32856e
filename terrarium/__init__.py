"""What the commands share, and no lesson is about."""
