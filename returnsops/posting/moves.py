"""The moves of a posting: by whoever still has it."""

from returnsops.lib.moves import move_row
from returnsops.posting.models import Posting


def move_posting(posting: Posting, target: Posting.Status, **changes: object) -> bool:
    """Gives False if it was moved, or claimed anew, since we read it: a late answer must not end the try of another."""
    return move_row(posting, field="status", target=target, moves=Posting.MOVES, beside=["claim"], **changes)
