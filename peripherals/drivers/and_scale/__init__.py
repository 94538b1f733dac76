"""A&D scales and weighing indicators in A&D's standard line format."""
