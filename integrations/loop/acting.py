"""Acting on a return: settle it, change its state, write on its timeline (loop.md §2.3 to §2.7)."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from integrations.loop.answers import read_label_answer
from integrations.loop.transport import LoopTransport, return_path

NOTE_MAX_CHARS = 254  # "less than 255 characters"


class ReturnActions(LoopTransport):
    def process_return(self, return_id: str, *, details: Mapping[str, str] | None = None) -> None:
        """Ask Loop to run every outcome. True means queued: what came of it shows only in the return.

        details: written on the platform's orders that come of it, and on the return's timeline.
        """
        json_body = dict(details) if details else None
        self._act("process_return", return_path(return_id, "process"), json_body=json_body)

    def remove_units(self, return_id: str, line_item_ids: Sequence[str]) -> None:
        """Drop refused units; Loop then processes the rest at once, so there is no second call."""
        assert line_item_ids, "Loop needs at least one unit to remove"
        params = {"line_item_id": ",".join(line_item_ids)}
        self._act("remove_units", return_path(return_id, "remove"), params=params)

    def close_return(self, return_id: str) -> None:
        """Close without any outcome: no money moves, the items stay used up."""
        self._act("close_return", return_path(return_id, "close"))

    def cancel_return(self, return_id: str) -> None:
        self._act("cancel_return", return_path(return_id, "cancel"))

    def flag_return(self, return_id: str) -> None:
        """Put the return into review. Loop takes no reason, so a note has to come first."""
        self._act("flag_return", return_path(return_id, "flag"))

    def add_note(self, return_id: str, content: str) -> None:
        """Write on the return's timeline, shortened to what Loop takes."""
        if len(content) > NOTE_MAX_CHARS:
            content = content[: NOTE_MAX_CHARS - 1] + "…"
        self._act("add_note", return_path(return_id, "note"), json_body={"content": content})

    def generate_label(self, return_id: str) -> None:
        """Ask for a label, or a new one. Queued: it shows in the return later.

        Raises RejectedError of family label_exists or no_label_possible.
        """
        answer = self._send("generate_label", "POST", f"/returns/{quote(return_id, safe='')}/labels", writes=True)
        read_label_answer(answer, operation="generate_label")
