"""The 16-bit decimal number of IEEE 11073-20601: a 4-bit exponent and a 12-bit mantissa, signed.

120 is 0x0078. (0x8078, which one public project writes for it, is 120e-8: not imported.)
"""

from decimal import Decimal

NAN, NOT_AT_THIS_RESOLUTION, RESERVED = 0x07FF, 0x0800, 0x0801
PLUS_INFINITY, MINUS_INFINITY = 0x07FE, 0x0802
SPECIAL = {NAN, NOT_AT_THIS_RESOLUTION, RESERVED, PLUS_INFINITY, MINUS_INFINITY}


def sfloat(raw: int) -> Decimal | None:
    """None for what is no number."""
    if raw in SPECIAL:
        return None
    mantissa, exponent = raw & 0x0FFF, raw >> 12
    mantissa -= 0x1000 if mantissa & 0x0800 else 0
    exponent -= 0x10 if exponent & 0x8 else 0
    return Decimal(mantissa).scaleb(exponent)
