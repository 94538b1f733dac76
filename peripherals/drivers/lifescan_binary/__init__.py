"""LifeScan glucose meters of the OneTouch UltraEasy and UltraMini kind."""
