"""Playing a batch: all scenes are set at once, then moment after moment of all stories in the order of their times."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import groupby
from typing import Any

from tests.builders import CREATED
from tests.scenarios.book import Scenario, read_time
from tests.scenarios.whole.given import set_scene
from tests.scenarios.whole.moments import happen
from tests.scenarios.whole.scene import Cue, Scene
from tests.scenarios.whole.telling import expected_of, tell, words_of_document, words_of_request
from tests.scenarios.whole.theatre import Theatre

Json = dict[str, Any]


def play(theatre: Theatre, stories: list[Scenario]) -> dict[str, list[str]]:
    """By story what differs from what it says, moment by moment; a story that broke off says why."""
    theatre.open_shops([story.given for story in stories])
    differences: dict[str, list[str]] = {}
    scenes = list(_set(theatre, stories, differences))
    for at, together in groupby(_cues(scenes), key=lambda cue: cue.at):
        cues = [cue for cue in together if cue.scene.name not in differences]
        theatre.be_at(CREATED + at)
        _pass(theatre, cues, differences, scenes)
    return differences


def _set(theatre: Theatre, stories: list[Scenario], differences: dict[str, list[str]]) -> Iterator[Scene]:
    for story in stories:
        try:
            yield set_scene(theatre, story)
        except AssertionError as error:
            differences[f"{story.chapter}/{story.path.stem}"] = [f"cannot be set: {error}"]


def _cues(scenes: Iterable[Scene]) -> list[Cue]:
    cues: list[Cue] = []
    for scene in scenes:
        at = timedelta()
        for number, moment in enumerate(scene.story.moments):
            at += read_time(moment.get("after", "0m"))
            cues.append(Cue(at, scene, number))
    return sorted(cues, key=lambda cue: cue.at)


def _pass(theatre: Theatre, cues: list[Cue], differences: dict[str, list[str]], scenes: list[Scene]) -> None:
    """Two moments of one story at one time pass one after the other."""
    while cues:
        now, later, taken = [], [], set()
        for cue in cues:
            (later if cue.scene.name in taken else now).append(cue)
            taken.add(cue.scene.name)
        theatre.prepare(now)
        for cue in now:
            _happen(theatre, cue, differences)
        theatre.work(now)
        hear(theatre, scenes, {cue.scene.shop for cue in now})
        for cue in now:
            _compare(theatre, cue, differences)
        cues = [cue for cue in later if cue.scene.name not in differences]


def _happen(theatre: Theatre, cue: Cue, differences: dict[str, list[str]]) -> None:
    try:
        happen(theatre, cue.scene, cue.moment)
    except Exception as error:
        differences[cue.scene.name] = [f"«{cue.moment['what']}» cannot happen: {type(error).__name__}: {error}"]


def _compare(theatre: Theatre, cue: Cue, differences: dict[str, list[str]]) -> None:
    told, expected = tell(theatre, cue.scene), expected_of(cue.moment["expect"])
    if told != expected and cue.scene.name not in differences:
        differences[cue.scene.name] = [
            f"«{cue.moment['what']}»",
            *(f"- {line}" for line in expected if line not in told),
            *(f"+ {line}" for line in told if line not in expected),
        ]


def hear(theatre: Theatre, scenes: list[Scene], shops: set[str]) -> None:
    """Take what was written to the scene it is about."""
    by_customer = {scene.customer: scene for scene in scenes if scene.customer}
    for entry in theatre.books.refresh():
        document = theatre.books.documents.get(entry["record_id"])
        scene = by_customer.get(document["entity"]) if document else None
        if entry["who"] == "api" and scene is not None:
            scene.news.append(words_of_document(theatre, scene, entry))
    by_return = {scene.loop_id: scene for scene in scenes}
    for shop in sorted(shops):
        for entry in theatre.books.requests(shop):
            scene = by_return.get(str(entry["return_id"]))
            words = words_of_request(scene, entry) if scene is not None and entry["who"] == "api" else None
            if scene is not None and words:
                scene.news.append(words)
