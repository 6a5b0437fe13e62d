"""Pictures made here from the handwritten digits must give back the pixels that they were made from."""

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from PIL import Image

from crn2sbml.core.network import Network, Place, Species
from crn2sbml.errors import FormatError
from crn2sbml.formats import image_read
from crn2sbml.formats.image_read import input_grid, read_image

GRID = (8, 8)


@cache
def digits() -> np.ndarray:
    """Images (n, 8, 8), values 0 to 16, ink bright."""
    from sklearn.datasets import load_digits

    images: np.ndarray = load_digits().images
    return images


def file_of(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


def grey(image: np.ndarray) -> Image.Image:
    return Image.fromarray(np.rint(image / 16 * 255).astype(np.uint8))


def enlarged(image: np.ndarray, rows: int = 10, columns: int = 10) -> np.ndarray:
    return np.kron(image, np.ones((rows, columns)))


def counts(data: bytes, invert: bool | None = None) -> np.ndarray:
    return np.rint(read_image(data, "x.png", GRID, invert) * 80)


def in_16_bits(image: np.ndarray) -> Image.Image:
    return Image.fromarray(np.rint(image / 16 * 65535).astype(np.uint16))


def on_glass(image: np.ndarray, ink: int) -> Image.Image:
    """Ink of one grey on nothing; how much there is, is in the alpha channel."""
    alpha = np.asarray(grey(image))
    return Image.fromarray(np.stack([np.full_like(alpha, ink)] * 3 + [alpha], axis=-1))


def in_a_palette(image: np.ndarray) -> Image.Image:
    indices = image.astype(np.uint8)
    picture = Image.fromarray(indices, "L").convert("P")
    picture.putdata(indices.ravel().tolist())
    picture.putpalette([round(v / 16 * 255) for v in range(17) for _ in range(3)])
    return picture


SAME: dict[str, Callable[[np.ndarray], bytes]] = {
    "8 x 8, bright ink": lambda image: file_of(grey(image)),
    "8 x 8, dark ink": lambda image: file_of(grey(16 - image)),
    "enlarged": lambda image: file_of(grey(enlarged(image))),
    "enlarged, dark ink": lambda image: file_of(grey(16 - enlarged(image))),
    "enlarged by 7.5": lambda image: file_of(grey(enlarged(image, 15, 15)).resize((60, 60), Image.Resampling.BOX)),
    "tall": lambda image: file_of(grey(enlarged(image, 20, 5))),
    "wide, dark ink": lambda image: file_of(grey(16 - enlarged(image, 1, 30))),
    "colours": lambda image: file_of(grey(enlarged(image)).convert("RGB")),
    "16 bits": lambda image: file_of(in_16_bits(image)),
    "16 bits, dark ink, enlarged": lambda image: file_of(in_16_bits(16 - enlarged(image))),
    "16 bits in PGM": lambda image: file_of(in_16_bits(image), "PPM"),
    "palette": lambda image: file_of(in_a_palette(image)),
    "palette in GIF": lambda image: file_of(in_a_palette(enlarged(image)), "GIF"),
    "black ink on glass": lambda image: file_of(on_glass(image, 0)),
    "white ink on glass": lambda image: file_of(on_glass(enlarged(image), 255)),
    "opaque RGBA, dark ink": lambda image: file_of(grey(16 - image).convert("RGBA")),
    "lossless WebP": lambda image: file_of(grey(enlarged(image)).convert("RGB"), "WEBP", lossless=True),
    "BMP": lambda image: file_of(grey(image), "BMP"),
}


@pytest.mark.parametrize("way", SAME)
def test_every_kind_of_picture_gives_the_counts_back(way: str) -> None:
    """80 items over 16 values: each value is 5 items apart, the 256 shades of grey 0.31, so rounding finds it."""
    for image in digits()[:20]:
        error = np.abs(counts(SAME[way](image)) - image * 5)
        # A pixel on the edge between cells of 7.5 pixels is half the neighbour's, and one in 7 of its row: 40 / 7 items
        # along each axis.
        assert error.max() <= (12 if way == "enlarged by 7.5" else 0), way


def test_a_jpeg_is_near() -> None:
    for image in digits()[:20]:
        found = counts(file_of(grey(enlarged(16 - image, 20, 20)), "JPEG", quality=95))
        assert np.abs(found - image * 5).max() <= 3


def test_one_bit_a_pixel() -> None:
    for image in digits()[:20]:
        drawn = enlarged(image) > 7
        expected = 80 * (image > 7)
        np.testing.assert_array_equal(counts(file_of(Image.fromarray(drawn))), expected)
        np.testing.assert_array_equal(counts(file_of(Image.fromarray(~drawn))), expected)


def test_the_polarity_of_all_digits_is_told_from_the_border() -> None:
    for image in digits():
        for drawn in (image, 16 - image):
            np.testing.assert_array_equal(counts(file_of(grey(drawn), compress_level=0)), image * 5)


def test_a_thin_frame_is_no_background() -> None:
    image = digits()[7]
    for drawn, frame in ((16 - enlarged(image), 0), (enlarged(image), 16)):
        framed = np.pad(drawn, 1, constant_values=frame)
        # One pixel in 82 is frame: it adds to the outer cells, and moves the edges of the others.
        assert np.abs(counts(file_of(grey(framed))) - image * 5).max() <= 16
    assert (counts(file_of(grey(framed)))[3:5, 3:5] == image[3:5, 3:5] * 5).all()


def test_the_polarity_can_be_said() -> None:
    image = digits()[0]
    np.testing.assert_array_equal(counts(file_of(grey(image)), invert=False), image * 5)
    np.testing.assert_array_equal(counts(file_of(grey(image)), invert=True), 80 - image * 5)
    # What cannot be seen on the background that is asked for, is not there.
    np.testing.assert_array_equal(counts(file_of(on_glass(image, 255)), invert=False), image * 5)
    np.testing.assert_array_equal(counts(file_of(on_glass(image, 0)), invert=True), image * 5)
    assert not counts(file_of(on_glass(image, 255)), invert=True).any()


def test_an_empty_sheet() -> None:
    blank = file_of(Image.new("L", (30, 20), 255))
    with pytest.raises(FormatError, match=r"x\.png: nothing is drawn .* say --invert or --no-invert"):
        counts(blank)
    assert not counts(blank, invert=True).any()
    assert (counts(blank, invert=False) == 80).all()


def test_a_photograph_that_was_turned() -> None:
    """Orientation 6: the camera lay on its side, a viewer turns the picture a quarter clockwise."""
    image = digits()[3]
    orientation = Image.Exif()
    orientation[0x0112] = 6
    lying = grey(enlarged(image)).transpose(Image.Transpose.ROTATE_90)
    np.testing.assert_array_equal(counts(file_of(lying, exif=orientation)), image * 5)


def test_pictures_smaller_than_the_grid_are_spread_over_it() -> None:
    small = np.array([[0, 16], [8, 0]])
    found = read_image(file_of(grey(small)), "x", (4, 6), invert=False)
    np.testing.assert_allclose(found, np.kron(small / 16, np.ones((2, 3))), atol=1 / 255)


def test_a_grid_that_is_not_square() -> None:
    values = np.arange(15.0).reshape(3, 5)
    np.testing.assert_allclose(read_image(file_of(grey(values)), "x", (3, 5), False), values / 16, atol=1 / 255)


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that claims a size, and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    packed = chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + packed + chunk(b"IEND", b"")


GOOD = file_of(grey(enlarged(np.arange(64.0).reshape(8, 8) % 17)))
HOSTILE = {
    "nothing": (b"", "not a picture"),
    "text": (b"class_3,0,0", "not a picture"),
    "PDF": (b"%PDF-1.7\n", "not a picture"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n", "not a picture"),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "not a picture"),
    "half": (GOOD[: len(GOOD) // 2], "cannot be read"),
    "head alone": (GOOD[:20], "cannot be read|not a picture"),
    "bomb": (png_of_size(60_000, 60_000), "3600000000 pixels"),
    "large": (png_of_size(9_000, 6_000), "9000 x 6000 pixels; at most 50,000,000"),
    "between Pillow's limits": (png_of_size(10_000, 10_000), "100000000 pixels"),
    "long": (png_of_size(2**31 - 1, 1), "pixels"),
    "no width": (png_of_size(0, 8), "not a picture|cannot be read"),
    "no pixels": (png_of_size(0, 0), "not a picture|cannot be read"),
    "less than it says": (png_of_size(100, 100), "cannot be read"),
    "float": (b"Pf\n2 2\n-1.0\n" + bytes(16), "save the picture with 8 or 16 bits"),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("invert", [None, True])
def test_hostile_files_are_refused_in_one_line(
    name: str, invert: bool | None, capfd: pytest.CaptureFixture[str]
) -> None:
    data, words = HOSTILE[name]
    with pytest.raises(FormatError, match=words) as refusal:
        read_image(data, "x.png", GRID, invert)
    assert str(refusal.value).startswith("x.png: ")
    assert "\n" not in str(refusal.value)
    assert capfd.readouterr() == ("", "")


def test_a_limit_of_size_is_checked_before_pixels_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_read, "LARGEST_PIXELS", 80 * 80 - 1)
    with pytest.raises(FormatError, match="80 x 80 pixels; at most 6,399"):
        counts(GOOD)
    monkeypatch.setattr(image_read, "LARGEST_PIXELS", 80 * 80)
    assert counts(GOOD).max() == 80


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "PPM"])
def test_damaged_files_never_end_in_a_traceback(kind: str) -> None:
    random = np.random.default_rng(5)
    whole = np.frombuffer(file_of(Image.fromarray(random.integers(0, 255, (9, 7, 3), dtype=np.uint8)), kind), np.uint8)
    messages = []
    for trial in range(300):
        data = whole.copy()
        where = random.integers(0, min(len(data), 60 if trial % 2 else len(data)), random.integers(1, 6))
        data[where] = random.integers(0, 256, len(where))
        data = data[: random.integers(1, len(data) + 1)] if trial % 5 == 0 else data
        try:
            found = read_image(data.tobytes(), "x", GRID)
        except FormatError as error:
            messages.append(str(error))
        else:
            assert found.shape == GRID
            assert ((found >= 0) & (found <= 1)).all()
    assert len(messages) > 20
    assert all("\n" not in message and len(message) < 300 for message in messages)


def pixels(rows: int, columns: int, *, layer: int = 0) -> tuple[Species, ...]:
    places = [Place(layer, "input", 0, row, column) for row in range(rows) for column in range(columns)]
    return tuple(Species(place.id, clamped=True, place=place) for place in places)


def network(species: tuple[Species, ...]) -> Network:
    return Network("net", species, (), ())


def test_the_grid_is_told_by_the_places() -> None:
    species = pixels(3, 5)
    net = network((Species("A"), *species))
    assert input_grid(net, [s.id for s in species]) == (3, 5)


def test_inputs_that_are_no_grid() -> None:
    three_by_two = pixels(3, 2)
    ids = [s.id for s in three_by_two]
    far = Species("far", clamped=True, place=Place(0, "input", 0, 999_999_999, 999_999_999))
    net = network((*three_by_two, Species("plain", clamped=True), far))
    wrong = [
        [],  # none at all
        ids[:-1],
        ids[::-1],  # not row by row
        [*ids, ids[0]],  # one twice
        ["plain"],  # without a place
        [*ids[:-1], "unknown"],
        ["far"],  # a grid of 10^18 pixels, which must not be made
    ]
    for inputs in wrong:
        with pytest.raises(FormatError, match="network 'net': its inputs are no grid"):
            input_grid(net, inputs)
    assert input_grid(net, ids) == (3, 2)


def test_a_row_without_columns_is_no_grid() -> None:
    species = tuple(Species(p.id, clamped=True, place=p) for p in (Place(0, "input", 0, row) for row in range(3)))
    with pytest.raises(FormatError, match="no grid"):
        input_grid(network(species), [s.id for s in species])
