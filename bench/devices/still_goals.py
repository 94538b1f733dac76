"""What is measured of stills, and what was promised."""

EQUAL = "stills: equal to the camera's own picture, bit for bit"
EQUAL_GOAL = "== 100"
HERE = "freeze at the cart: click to saved"
FROM_AFAR = "freeze at the workstation: click to saved at the cart"
SAVED_GOAL = "<= 300"
