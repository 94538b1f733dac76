"""A&D TM-2655(P) and TM-2657(P) automatic blood-pressure monitors."""
