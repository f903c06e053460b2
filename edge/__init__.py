"""A Pi with pins: ticket buttons, counter buttons, lamps."""
