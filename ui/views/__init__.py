"""One per feature: draws a whole Screen in one method and forwards intents."""
