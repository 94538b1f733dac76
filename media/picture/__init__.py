"""The picture we send: coded, sized and thinned to what the line carries. Knows no network."""
