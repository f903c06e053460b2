"""PURE: the queue's rules. Values in, values out; no clock, network or disk."""
