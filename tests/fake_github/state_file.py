"""A state as a file: what the fake's process keeps, and a test reads."""

from pathlib import Path

from pydantic import TypeAdapter

from fake_github.state import State

_STATE = TypeAdapter(State)


def read_state(file: Path) -> State:
    """The state in *file*."""
    return _STATE.validate_json(file.read_bytes())


def write_state(file: Path, state: State) -> None:
    """Put *state* into *file*, whole or not at all."""
    new = file.with_suffix(".new")
    new.write_bytes(_STATE.dump_json(state, indent=1))
    new.replace(file)
