"""The hall's meeting point: what is said, how it travels, and the hub that decides."""
