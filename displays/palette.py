"""PURE: the board's colours, and how contrast is reckoned (WCAG 2.2).

Text on its ground has at least 7:1, an agency's stripe on a panel at least 3:1; a test computes
both. Colour never carries a meaning alone: the letter and the name do (WCAG 1.4.1).
"""

Colour = tuple[int, int, int]

GROUND: Colour = (9, 14, 24)
PANEL: Colour = (20, 30, 48)
PANEL_EMPTY: Colour = (14, 21, 35)
PANEL_DOWN: Colour = (32, 45, 70)
LINE: Colour = (58, 72, 96)
TEXT: Colour = (255, 255, 255)
QUIET: Colour = (196, 206, 222)
YELLOW: Colour = (255, 214, 10)
YELLOW_DIM: Colour = (112, 96, 20)
AMBER: Colour = (255, 190, 11)
INK: Colour = (0, 0, 0)

# Okabe and Ito's set: told apart with every kind of colour vision, as far as colours can be.
STRIPES: dict[str, Colour] = {
    "blue": (0, 114, 178),
    "orange": (213, 94, 0),
    "green": (0, 158, 115),
    "pink": (204, 121, 167),
    "amber": (230, 159, 0),
}

TEXT_ON_GROUND: tuple[tuple[Colour, Colour], ...] = (
    (TEXT, GROUND),
    (TEXT, PANEL),
    (QUIET, GROUND),
    (QUIET, PANEL),
    (YELLOW, PANEL),
    (TEXT, PANEL_DOWN),
    (QUIET, PANEL_DOWN),
    (YELLOW, PANEL_DOWN),
    (AMBER, PANEL),
    (AMBER, PANEL_DOWN),
    (INK, AMBER),
    (INK, YELLOW),
)
"""Every pair of text and what lies under it."""


def stripe(colour: str) -> Colour:
    """Return an agency's colour; grey for a name that is none."""
    return STRIPES.get(colour, LINE)


def between(dark: Colour, bright: Colour, share: float) -> Colour:
    """Return the colour so far (0 to 1) on the way from dark to bright."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(dark, bright, strict=True))
    return red, green, blue


def luminance(colour: Colour) -> float:
    """Return relative luminance, 0 to 1."""
    red, green, blue = (
        part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - WCAG's knee, 0.04045
        for part in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast of two colours, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)
