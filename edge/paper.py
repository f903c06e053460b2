"""Where slips go: until a release drives the printer, a text file in the node's data folder."""

from pathlib import Path


class SlipFile:
    """The newest slip, whole: whoever reads the file never sees half of one.

    Attributes:
        text: What it says; empty before the first of this start.
    """

    def __init__(self, *, path: Path) -> None:
        self.text = ""
        self._path = path

    def print_slip(self, text: str) -> None:
        """Put the slip there.

        Raises:
            OSError: It can't be written; the slip before it is still there.
        """
        part = self._path.with_suffix(".part")
        part.write_text(text, encoding="utf-8")
        part.replace(self._path)
        self.text = text
