"""The table of posting kinds: each row goes with the plan's steps, and none is a kind that nothing wants."""

import ast
from pathlib import Path

import pytest

from returnsops.returns.plan import kinds
from returnsops.returns.plan.draft import STEPS
from returnsops.returns.plan.kinds import POSTING_KINDS, ReadBack

PLAN = Path(kinds.__file__).parent


@pytest.mark.parametrize("name", POSTING_KINDS)
def test_kind_brings_on_a_step_of_the_plan(name: str) -> None:
    assert POSTING_KINDS[name].step in STEPS


@pytest.mark.parametrize("name", POSTING_KINDS)
def test_what_is_said_to_loop_has_no_record_to_read_back(name: str) -> None:
    kind = POSTING_KINDS[name]

    assert (kind.system == "loop") == (kind.read_back == ReadBack.NEVER) == name.startswith("loop_")


@pytest.mark.parametrize("name", POSTING_KINDS)
def test_name_of_a_kind_fits_the_outbox_and_an_external_id(name: str) -> None:
    assert len(name) <= 20
    assert name.replace("_", "").isalpha()


def test_every_kind_that_a_chapter_posts_is_in_the_table() -> None:
    assert {name for path in PLAN.glob("*.py") for name in posted_in(path)} == POSTING_KINDS.keys()


def posted_in(path: Path) -> set[str]:
    """Texts that stand in a chapter that posts, and are known as kinds; and what stands as `kind=` of a posting."""
    if "PostingDue(" not in path.read_text() or path.name == "draft.py":
        return set()
    tree = ast.parse(path.read_text())
    texts = {one.value for one in ast.walk(tree) if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    calls = [one for one in ast.walk(tree) if isinstance(one, ast.Call) and getattr(one.func, "id", "") == "PostingDue"]
    named = [key.value for call in calls for key in call.keywords if key.arg == "kind"]
    return (texts & POSTING_KINDS.keys()) | {str(one.value) for one in named if isinstance(one, ast.Constant)}
