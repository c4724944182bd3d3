"""When what happens: drawn from the seed alone, so that the same seed gives the same schedule.

Offsets are shares of the work, not seconds: a slow machine meets the same troubles as a fast one.
"""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import cycle, islice
from random import Random

from returnsops.management.chaos.classes import CLASSES
from returnsops.management.chaos.kills import RESTARTS, VICTIMS
from returnsops.management.chaos.meddling import MEDDLES

FIRST_AT, LAST_AT = 0.08, 0.92


@dataclass(frozen=True)
class Trouble:
    at: float  # share of the work
    what: str


@dataclass(frozen=True)
class Schedule:
    troubles: tuple[Trouble, ...]
    meddles: dict[int, str]  # by the number of the return


def draw_schedule(*, seed: str, returns: int, classes: Collection[str], kills: int, restarts: int) -> Schedule:
    chosen = [CLASSES[name] for name in classes]
    draw = Random(f"{seed}/troubles")
    names = [moment for one in chosen for moment, every in one.moments for _ in range(max(1, returns // every))]
    if any(one.kills for one in chosen):
        names += islice(cycle(draw.sample(VICTIMS, len(VICTIMS))), kills)
    if any(one.restarts for one in chosen):
        names += islice(cycle(RESTARTS), restarts)
    draw.shuffle(names)
    return Schedule(_spread(names, draw), _draw_meddles(seed, returns, sum(one.meddled for one in chosen)))


def _spread(names: list[str], draw: Random) -> tuple[Trouble, ...]:
    """Evenly, and never two together: one would hide the other."""
    step = (LAST_AT - FIRST_AT) / max(1, len(names))
    return tuple(
        Trouble(round(FIRST_AT + step * (place + draw.uniform(0.1, 0.9)), 4), name) for place, name in enumerate(names)
    )


def _draw_meddles(seed: str, returns: int, share: float) -> dict[int, str]:
    draw = Random(f"{seed}/people")
    wanted = [number for number in range(returns) if draw.random() < share]
    if share and not wanted:
        wanted = [draw.randrange(returns)]
    kinds = draw.sample(sorted(MEDDLES), len(MEDDLES))
    return dict(zip(wanted, cycle(kinds), strict=False))
