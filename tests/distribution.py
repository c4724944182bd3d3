"""pytest plugin: which tests are run by the same process, and which begin first.

A file is never split, so that what its tests share (a sandbox, a browser, what a hundred of them look at) is made once.
Not by xdist's groups: it writes them into the names of tests, and pytest 9 keeps those elsewhere without a word.
"""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/browser/",)  # folders whose files share what is dear


class WholeFiles(LoadScopeScheduling):  # type: ignore[misc]  # xdist says nothing of its types
    """In the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        """What is handed out in one piece."""
        file = nodeid.partition("::")[0]
        return next((folder for folder in TOGETHER if file.startswith(folder)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> WholeFiles:
    config.option.loadscopereorder = False
    return WholeFiles(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is long begins first, so that no process is left with it when the others are done."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
