"""The steps of the store's schema, one file each, applied forward only and never edited later."""
