"""The way to the server: HTTP, the signalling socket, tokens in memory."""
