"""The MNIST files: found in the folder of data, else downloaded once; what they unpack to is checked.

Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner 1998, doi:10.1109/5.726791.
"""

import gzip
import hashlib
import logging
import os
import zlib
from pathlib import Path

import numpy as np
import pooch
from numpy.typing import NDArray

from crn2sbml.errors import DataError

_FILES = {
    "train-images-idx3-ubyte": (
        (60_000, 28, 28),
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    ),
    "train-labels-idx1-ubyte": (
        (60_000,),
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "d53e105ee54ea40749a09fcbcd1e9432",
    ),
    "t10k-images-idx3-ubyte": (
        (10_000, 28, 28),
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "9fb629c4189551a2d022fa330f9573f3",
    ),
    "t10k-labels-idx1-ubyte": (
        (10_000,),
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        "ec29112dd5afa0611ce80d1b7f02629c",
    ),
}
"""Shape, SHA-256 of the unpacked file, and MD5 of the packed one as it is offered for download."""
_ADDRESS = "https://ossci-datasets.s3.amazonaws.com/mnist/"


def read_mnist(part: str) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    """Images (n, 28, 28), 0..255, and labels (n,) of "train" (60,000) or "t10k" (10,000).

    The files are looked for in the folder `mnist` of the one that the variable CRN2SBML_DATA names; without that
    variable they are downloaded into the user's cache.
    Raises: DataError: a file is missing, damaged or not the one that is known.
    """
    images, labels = (_unpacked(name) for name in (f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"))
    return images, labels.astype(np.intp)


def _unpacked(name: str) -> NDArray[np.uint8]:
    shape, checksum, _ = _FILES[name]
    path = _path(name)
    # An IDX file begins with four bytes that say type and axes, and four more for each axis.
    header, size = 4 + 4 * len(shape), int(np.prod(shape))
    try:
        with gzip.open(path) as packed:
            content = packed.read(header + size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: {error}; get the file anew") from None
    found = hashlib.sha256(content).hexdigest()
    if found != checksum:
        raise DataError(
            f"{path}: is not MNIST's {name}: SHA-256 of its content {found[:12]}..., not {checksum[:12]}..."
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _path(name: str) -> Path:
    folder = os.environ.get("CRN2SBML_DATA")
    if folder:
        path = Path(folder) / "mnist" / f"{name}.gz"
        if not path.is_file():
            raise DataError(f"{path}: no such file; unset CRN2SBML_DATA to download MNIST, or put it there")
        return path
    logging.getLogger("pooch").setLevel(logging.WARNING)
    cache = Path(pooch.os_cache("crn2sbml"))
    try:
        return Path(pooch.retrieve(_ADDRESS + f"{name}.gz", f"md5:{_FILES[name][2]}", f"{name}.gz", cache))
    except (OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise DataError(
            f"MNIST cannot be downloaded: {reason}; put its four files into a folder `mnist` and name the folder "
            "around it in CRN2SBML_DATA"
        ) from None
