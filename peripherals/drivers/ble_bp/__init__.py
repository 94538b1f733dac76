"""Blood-pressure monitors of the Bluetooth profile: service 0x1810, characteristic 0x2A35."""
