"""All that the screen's process loads of media: standard library and the ground of app."""
