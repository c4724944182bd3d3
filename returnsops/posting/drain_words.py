"""A drain in words, the same on the Connections screen and at a terminal."""

from datetime import timedelta

from returnsops.posting.labels import attempt_label
from returnsops.posting.pause_words import what_stands_still
from returnsops.posting.progress import Drain, State
from returnsops.returns.labels import Label

STATES: dict[State, Label] = {
    State.EMPTY: Label("Nothing waits", "good"),
    State.MOVING: Label("Sending", "accent"),
    State.STANDING: Label("Nothing moves", "warn"),
    State.PAUSED: Label("Paused", "warn"),
    State.STOPPED: Label("Stopped", "bad"),
    State.DOWN: Label("Not answering", "warn"),
}
WHY_UNKNOWN = {
    State.MOVING: "unknown yet: too little was sent to tell the pace",
    State.STANDING: "unknown: nothing was sent in the last minute and nothing is on its way",
    State.PAUSED: "unknown: paused until a person resumes it",
    State.STOPPED: "unknown: stopped until a person resumes it",
    State.DOWN: "unknown: NetSuite does not answer; it goes on by itself",
}


def left_in_words(drain: Drain) -> str:
    if drain.state == State.EMPTY:
        return "empty"
    return span_in_words(drain.time_left) if drain.time_left is not None else WHY_UNKNOWN[drain.state]


def span_in_words(span: timedelta) -> str:
    """Rounded to what is worth knowing."""
    minutes = round(span.total_seconds() / 60)
    if minutes < 1:
        return "less than a minute"
    return f"about {minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"about {minutes} min"


def pace_in_words(drain: Drain) -> str:
    return f"{drain.per_minute:,.0f} a minute" if drain.per_minute and drain.per_minute >= 1 else "less than 1 a minute"


def done_in_words(drain: Drain) -> str:
    return f"{drain.done.minute:,} in the last minute, {drain.done.quarter:,} in 15 minutes"


def refused_in_words(drain: Drain) -> str:
    return ", ".join(f"{family.replace('_', ' ')} {count:,}" for family, count in drain.refused)


def troubles_in_words(drain: Drain) -> str:
    return ", ".join(f"{attempt_label(outcome).label.lower()} {count:,}" for outcome, count in drain.troubles)


def lanes_in_words(drain: Drain) -> str:
    """«14 of 15 lanes»; of how many the hour allows when that is another number than was set."""
    use = drain.lanes
    reading = f", {use.in_use_for_reading} of them for reading" if use.in_use_for_reading else ""
    return f"{use.in_use} of {use.planned} lanes in use{reading}"


def why_fewer(drain: Drain) -> str:
    """Why not all lanes are used, or why there are more or fewer than was set; empty when nothing is unusual."""
    use = drain.lanes
    if use.held_since is not None and use.allowed < use.planned:
        return f"at most {use.allowed} just now, as NetSuite refused calls as too many; it grows back by itself"
    return f"by the hour; {use.count} are set" if use.planned != use.count else ""


def held_in_words(drain: Drain) -> str:
    return ", ".join(f"{what_stands_still(pause)}: {count:,}" for pause, count in drain.held.by_pause)
