"""Playing a batch: all scenes are set at once, then moment after moment of all stories in the order of their times."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from typing import Any

from returnsops.management.rehearsal.books.families import return_named_by
from tests.builders import CREATED
from tests.scenarios.book import Scenario, read_time
from tests.scenarios.whole.given import set_scene
from tests.scenarios.whole.moments import happen
from tests.scenarios.whole.scene import Cue, Scene
from tests.scenarios.whole.telling import expected_of, tell, words_of_document, words_of_request
from tests.scenarios.whole.theatre import Theatre

Json = dict[str, Any]
DRIFT = timedelta(minutes=3)  # work takes time, in which a story's clock stands still: its deadlines pass all the same


@dataclass
class Programme:
    """What is played, and by story where it came out otherwise; from there on it is not played."""

    theatre: Theatre
    scenes: list[Scene] = field(default_factory=list)
    differences: dict[str, list[str]] = field(default_factory=dict)

    @contextmanager
    def noting(self, name: str, what: str) -> Iterator[None]:
        """One story that cannot be played keeps no other from it."""
        try:
            yield
        except Exception as error:
            self.differences[name] = [f"«{what}» cannot be played: {type(error).__name__}: {error}"]


def play(theatre: Theatre, stories: list[Scenario]) -> dict[str, list[str]]:
    """By story what differs from its expectation at the first moment at which anything does."""
    programme = Programme(theatre)
    theatre.open_shops(stories)
    theatre.be_at(CREATED - DRIFT)
    for story in stories:
        with programme.noting(story.name, "the beginning"):
            programme.scenes.append(set_scene(theatre, story))
    for at, together in groupby(_cues(programme.scenes), key=lambda cue: cue.at):
        theatre.be_at(CREATED + at)
        _pass(programme, list(together))
    return programme.differences


def _cues(scenes: Iterable[Scene]) -> list[Cue]:
    cues: list[Cue] = []
    for scene in scenes:
        at = timedelta()
        for number, moment in enumerate(scene.story.moments):
            at += read_time(moment.get("after", "0m")) + (DRIFT if number else timedelta())
            cues.append(Cue(at, scene, number))
    return sorted(cues, key=lambda cue: cue.at)


def _pass(programme: Programme, cues: list[Cue]) -> None:
    theatre = programme.theatre
    cues = [cue for cue in cues if cue.scene.name not in programme.differences]
    theatre.prepare(cues)
    for cue in cues:
        with programme.noting(cue.scene.name, cue.moment["what"]):
            happen(theatre, cue.scene, cue.moment)
    theatre.work(cues)
    _hear(programme, shops=sorted({cue.scene.shop for cue in cues}))
    for cue in cues:
        _compare(programme, cue)


def _compare(programme: Programme, cue: Cue) -> None:
    told, expected = tell(cue.scene), expected_of(cue.moment["expect"])
    if told != expected and cue.scene.name not in programme.differences:
        programme.differences[cue.scene.name] = [
            f"«{cue.moment['what']}»",
            *(f"- {line}" for line in expected if line not in told),
            *(f"+ {line}" for line in told if line not in expected),
        ]


def _hear(programme: Programme, *, shops: list[str]) -> None:
    """Take what ReturnsOps wrote to the scene it is about."""
    theatre = programme.theatre
    by_return = {scene.loop_id: scene for scene in programme.scenes}
    by_customer = {scene.customer: scene for scene in programme.scenes if scene.customer}
    for entry in theatre.archive.writes():
        record = theatre.archive.documents[entry["record_id"]]
        scene = by_return.get(return_named_by(record)) or by_customer.get(record["entity"])  # an order of others
        if scene is not None:
            with programme.noting(scene.name, f"{entry['action']} of {entry['record_type']}"):
                scene.news.append(words_of_document(theatre, scene, entry))
    for entry in (one for shop in shops for one in theatre.archive.requests(shop)):
        scene = by_return.get(str(entry["return_id"]))
        if scene is not None:
            with programme.noting(scene.name, entry["action"]):
                scene.news += words_of_request(scene, entry)
