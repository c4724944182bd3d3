"""Playing a batch: all scenes are set at once, then moment after moment of all stories in the order of their times.

A story that concerns the whole house, as a closed period does, has an evening of its own before that.
"""

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
from tests.scenarios.whole.trouble import company_of, is_of_the_whole_house, undo

Json = dict[str, Any]
DRIFT = timedelta(minutes=3)  # work takes time, in which a story's clock stands still: its deadlines pass all the same


@dataclass
class Programme:
    """What is played of an evening, and by story where it came out otherwise; from there on it is not played."""

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
    alone = [story for story in stories if is_of_the_whole_house(story)]
    for story in alone:
        _play_evening(programme, [story], company=company_of(story))
        for scene in programme.scenes:
            undo(theatre, scene)
    _play_evening(programme, [story for story in stories if story not in alone])
    return programme.differences


def _play_evening(programme: Programme, stories: list[Scenario], *, company: int = 0) -> None:
    """From their beginning to their end. company: how many more returns of the same kind stand beside them."""
    programme.scenes = []
    programme.theatre.be_at(CREATED - DRIFT)
    programme.theatre.archive.writes()  # what the evening before left is nobody's news
    for story in stories:
        with programme.noting(story.name, "the beginning"):
            programme.scenes += [set_scene(programme.theatre, story) for _ in range(1 + company)]
    for scene in programme.scenes[1 : 1 + company]:
        scene.is_company = True
    for at, together in groupby(_cues(programme.scenes), key=lambda cue: cue.at):
        programme.theatre.be_at(CREATED + at)
        _pass(programme, list(together))


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
    if told != expected and not cue.scene.is_company and cue.scene.name not in programme.differences:
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
        named = return_named_by(record)
        scene = by_return.get(named) if named else by_customer.get(record["entity"])  # an order names none
        if scene is not None:
            with programme.noting(scene.name, f"{entry['action']} of {entry['record_type']}"):
                scene.news.append(words_of_document(theatre, scene, entry))
    for entry in (one for shop in shops for one in theatre.archive.requests(shop)):
        scene = by_return.get(str(entry["return_id"]))
        if scene is not None:
            with programme.noting(scene.name, entry["action"]):
                scene.news += words_of_request(scene, entry)
