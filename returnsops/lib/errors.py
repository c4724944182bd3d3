"""What can go wrong on the ground floor: the embedded database and the processes we start."""


class PostgresError(Exception):
    """The embedded PostgreSQL could not be made, started or stopped; the message says why and where its log is."""


class ProcessError(Exception):
    """A process we started has ended, or did not become ready in time; the message ends with its last log lines."""


class StopRequested(Exception):
    """A signal asked us to stop. Not a failure: whoever catches it ends in good order."""
