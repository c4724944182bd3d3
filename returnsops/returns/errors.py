"""What a person asked for and cannot have, with what to do instead. The message is shown as it is."""


class NotPossibleError(Exception):
    """The facts do not allow this; nothing was changed."""


class AlreadyInspectedError(NotPossibleError):
    """Somebody judged this unit before; the message says who, when and what."""
