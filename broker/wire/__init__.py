"""PURE: bytes <-> types, and the two ends of the delivery protocol as sans-IO machines."""
