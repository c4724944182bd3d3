"""What a call does, told from method and path alone: faults, latency and logs speak of operations by these names."""

from dataclasses import dataclass

NETSUITE_ROOT = "/services/rest/"
LOOP_ROOT = "/api/"
NETSUITE = (
    "token", "get", "list", "create", "update", "upsert", "delete", "transform", "query", "metadata", "time", "other",
)  # fmt: skip
BY_METHOD = {"GET": "get", "PATCH": "update", "PUT": "upsert", "DELETE": "delete"}
WRITES = frozenset({"create", "update", "upsert", "delete", "transform"})


@dataclass(frozen=True)
class Operation:
    """`what` is the record type in NetSuite, empty in Loop."""

    verb: str
    what: str = ""

    def fits(self, wanted: str) -> bool:
        """wanted: "transform", or "transform itemReceipt"; upper and lower case are the same."""
        return wanted.lower() in (self.verb.lower(), f"{self.verb} {self.what}".lower())


def operation_of(system: str, *, method: str, path: str) -> Operation:
    if system == "netsuite":
        return _in_netsuite(method, parts=path.removeprefix(NETSUITE_ROOT).strip("/").split("/"))
    return _in_loop(path.removeprefix(LOOP_ROOT).strip("/").split("/"))


def _in_netsuite(method: str, *, parts: list[str]) -> Operation:
    match parts:
        case ["auth", *_]:
            return Operation("token")
        case ["query", *_]:
            return Operation("query")
        case ["system", *_]:
            return Operation("time")
        case ["record", "v1", "metadata-catalog", *_]:
            return Operation("metadata")
        case ["record", "v1", _, _, "!transform", target, *_]:
            return Operation("transform", target)
        case ["record", "v1", record_type]:
            return Operation({"GET": "list", "POST": "create"}.get(method, BY_METHOD.get(method, "other")), record_type)
        case ["record", "v1", record_type, *_]:
            return Operation(BY_METHOD.get(method, "other"), record_type)
    return Operation("other")


def _in_loop(parts: list[str]) -> Operation:
    """The last word of the path that is no number: list, details, process, webhooks …"""
    words = [part for part in parts[1:] if part and not part.isdigit()]
    return Operation(words[-1] if words else "other")
