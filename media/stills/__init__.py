"""Stills on their way out: as DICOM objects, in a process of their own."""
