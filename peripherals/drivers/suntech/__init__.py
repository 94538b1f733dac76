"""SunTech Advantage family blood-pressure modules."""
