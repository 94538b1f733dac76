"""One per feature: a service's state becomes a frozen Screen, words already chosen."""
