"""Other programs' messages on one line, for a module that imports next to nothing."""

_LONGEST = 300
"""Characters of a message that are shown."""


def one_line(text: str) -> str:
    """Text without line breaks, control characters and what no terminal can print."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def in_its_words(error: BaseException | Warning | str) -> str:
    """A simulator's message on one line, at most 300 characters; its class if it has no words."""
    words = one_line(str(error)) or type(error).__name__
    if isinstance(error, SyntaxError) and error.text:
        words += f": {error.text.strip()}"
    return words[:_LONGEST]
