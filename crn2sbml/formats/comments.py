"""What a document says about itself as comment lines of a text format."""

from collections.abc import Iterator

from crn2sbml.formats.document import Metadata


def comment_lines(metadata: Metadata, mark: str) -> Iterator[str]:
    """The title and each note as one line that starts with `mark`; empty ones are left out.

    What is no printable character becomes a space: line breaks of every kind would end the comment, control
    characters, those of writing direction and halves of surrogate pairs could hide or spoil what follows.
    """
    for text in (metadata.title, *metadata.notes):
        if text:
            printable = "".join(character if character.isprintable() else " " for character in text)
            yield f"{mark} {' '.join(printable.split())}"
