"""The voice's own sound path: coded, waited for, concealed. Never used for body sounds."""
