"""`make bench-call`: calls over a bad line, ours and Chromium's, on the same line in turn."""
