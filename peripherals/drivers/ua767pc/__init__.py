"""A&D UA-767PC."""
