"""Start the image and ask it, as a JSON object on the command line orders.

The exit code is 0 if it was found out what the image answers, whatever that is, and 2
otherwise.
"""

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

from sluicegate.errors import PermanentError
from sluicegate.smoke.container import Plan, running
from sluicegate.smoke.engine import Broken, Engine
from sluicegate.smoke.leftovers import Place
from sluicegate.smoke.replay import Manner, replay
from sluicegate.stages.serving.exchanges import plan_exchanges
from sluicegate.stages.serving.golden import MAX_BYTES, read_golden
from sluicegate.stages.serving.orders import ANSWERS, GOLDEN, Orders, read_orders

_BROKEN = 2


def main() -> int:
    """Do as the orders say; the exit code."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        carry_out(read_orders(sys.argv[1]))
    except Broken as error:
        sys.stderr.write(f"{error}\n")
        return _BROKEN
    except PermanentError as error:
        sys.stderr.write(f"{error}{f' -- {error.hint}' if error.hint else ''}\n")
        return _BROKEN
    return 0


def carry_out(orders: Orders) -> None:
    """Start, ask, write down, remove.

    Raises:
        Broken: nothing could be found out.
        PermanentError: the golden file is none.
    """
    output = Path(orders.output)
    data = _read(Path(orders.project) / orders.golden, orders.golden)
    (output / GOLDEN).write_bytes(data)
    exchanges = plan_exchanges(read_golden(data, orders.golden), orders.asking)
    engine, place = Engine(orders.docker), Place(Path(orders.cache))
    engine.check_is_here()
    place.clean(engine, orders.now)
    plan = Plan(
        orders.image,
        orders.port,
        orders.memory,
        orders.network,
        orders.env,
        {f"sluicegate.{name}": value for name, value in orders.labels.items()},
        orders.until,
    )
    manner = Manner(
        orders.image,
        orders.health,
        orders.ready_seconds,
        orders.answer_seconds,
        orders.headers,
    )
    with running(engine, place, plan) as container:
        record = replay(container, exchanges, manner)
    (output / ANSWERS).write_bytes(record.written())


def _read(path: Path, name: str) -> bytes:
    """A plain file; one byte more than may be read at most.

    Raises:
        Broken: it is none, or cannot be read.
    """
    try:
        if not path.is_file():  # a pipe would be without end
            raise Broken(f"there is no file {name}; does a stage before write it?")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Broken(f"cannot read {name}: {error.strerror}") from error


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise SystemExit(128 + number)


if __name__ == "__main__":
    raise SystemExit(main())
