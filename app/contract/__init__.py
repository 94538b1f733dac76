"""The words of the wire between workstation and server (pydantic): the only JSON that crosses."""
