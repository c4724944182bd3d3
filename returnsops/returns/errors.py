"""What cannot be had or believed, with what to do instead. The message is shown as it is."""


class NotPossibleError(Exception):
    """The facts do not allow this; nothing was changed."""


class AlreadyInspectedError(NotPossibleError):
    """Somebody judged this unit before; the message says who, when and what."""


class ClientIdReusedError(NotPossibleError):
    """A client id that was sent before came again with other content, which would be lost without a word."""


class DoubtfulAnswerError(Exception):
    """The other side shows so little of what it held that a lost right is likelier than so many deletions.

    Nothing was marked. The message goes to the connection's case.
    """
