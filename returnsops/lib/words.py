"""Small words that every room says in the same way."""


def count_words(count: int, noun: str) -> str:
    """«1 unit», «1,240 units»."""
    return f"{count:,} {noun_for(count, noun)}"


def noun_for(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"
