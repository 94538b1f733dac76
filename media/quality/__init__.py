"""What the line carries: measured, told, and shared out."""
