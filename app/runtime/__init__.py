"""Tools of time and tasks, standard library only, shared by every program of the house."""
