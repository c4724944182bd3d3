"""Notes on the timeline of a return (loop.md 2.6)."""

from integrations.sandbox.loop.call import NO_RETURN, Answer, Call, in_object


def list_notes(call: Call) -> Answer:
    """A return without notes answers `false` with 422."""
    loop_return = call.find_return()
    notes = loop_return.notes if loop_return is not None else []
    if not notes and (loop_return is None or call.rules.text("loop.no_notes") == "422"):
        return False, 422
    return (notes if call.rules.text("loop.notes_envelope") == "array" else {"notes": notes}), 200


def write_note(call: Call) -> Answer:
    limit = int(call.rules.number("loop.note_limit"))
    content = call.body().get("content")
    if not isinstance(content, str) or not content or len(content) >= limit:
        return in_object(f"Content is required and must be less than {limit} characters.", status=422)
    with call.engine.store.transaction():
        loop_return = call.find_return()
        if loop_return is None:
            return NO_RETURN, 200
        call.engine.add_note(loop_return, content=content)
        call.engine.log(loop_return, who="api", action="note", content={"content": content})
    return True, 200
