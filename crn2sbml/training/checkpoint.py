"""The state of a training, kept on disk so that an interrupted one goes on to the same end."""

import io
import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from crn2sbml.disk import DAMAGED_ARCHIVE, write_file
from crn2sbml.errors import TrainingError


def save(path: Path, identity: str, epoch: int, state: Any) -> None:
    """Keep the state (arrays in containers) after so many epochs of the training of this identity."""
    packed = io.BytesIO()
    leaves = {f"leaf{i}": np.asarray(leaf) for i, leaf in enumerate(jax.tree.leaves(state))}
    np.savez(packed, about=np.array(json.dumps({"identity": identity, "epoch": epoch})), **leaves)  # type: ignore[arg-type]
    write_file(path, packed.getvalue(), force=True)


def resume(path: Path | None, identity: str, state: Any) -> tuple[int, Any]:
    """Epochs that are done and the state after them; 0 and `state` if nothing is kept.

    Raises: TrainingError: the file is damaged, or belongs to another training.
    """
    if path is None or not path.exists():
        return 0, state
    try:
        with np.load(path, allow_pickle=False) as saved:
            about = json.loads(str(saved["about"][()]))
            leaves = [jnp.asarray(saved[f"leaf{i}"]) for i in range(len(jax.tree.leaves(state)))]
    except DAMAGED_ARCHIVE as error:
        raise TrainingError(f"checkpoint {path}: damaged ({error}); delete it to start anew") from None
    if about["identity"] != identity:
        raise TrainingError(f"checkpoint {path}: belongs to another training; delete it or choose another path")
    return int(about["epoch"]), jax.tree.unflatten(jax.tree.structure(state), leaves)
