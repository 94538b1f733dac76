"""What Nonin's data formats have in common."""
