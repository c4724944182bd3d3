"""Marking a return as fraud, and taking it back (loop.md 2.12)."""

from integrations.sandbox.loop.call import Answer, Call, in_object

CATEGORIES = (
    "package-never-received",
    "package-is-empty",
    "package-is-missing-items",
    "instant-return-charge-failed",
    "keep-item-abuse",
    "splitting-returns-to-avoid-restrictions",
    "item-is-worn",
    "other",
)
COMMENT_MAX = 512


def report_fraud(call: Call) -> Answer:
    body = call.body()
    comment = body.get("comment")
    if body.get("category") not in CATEGORIES:
        return {"message": "Must be one of the following values.", "errors": {}}, 422
    if comment is not None and (not isinstance(comment, str) or len(comment) > COMMENT_MAX):
        return {"message": f"The comment field must not be greater than {COMMENT_MAX} characters.", "errors": {}}, 422
    if body["category"] == "other" and not comment:
        return {"message": "The comment field is required when category is other.", "errors": {}}, 422
    with call.engine.store.transaction():
        loop_return = call.find_return()
        if loop_return is None:
            return in_object("No return found with this ID.", status=404)
        if loop_return.fraud_report is not None:
            return in_object("Fraud Report already exists.", status=409)
        loop_return.fraud_report = {
            "id": call.engine.store.next_number("fraud_report", start=87),
            "return_id": loop_return.id,
            "category": body["category"],
            "comment": comment,
            "created_at": call.engine.now_text().replace(" ", "T") + ".000Z",
        }
        call.engine.save(loop_return)
        call.engine.log(loop_return, who="api", action="fraud_report", content=loop_return.fraud_report)
    return loop_return.fraud_report, 201


def withdraw_report(call: Call) -> Answer:
    with call.engine.store.transaction():
        loop_return = call.find_return()
        if loop_return is None or loop_return.fraud_report is None:
            return in_object("No return found with this ID.", status=404)
        loop_return.fraud_report = None
        call.engine.save(loop_return)
        call.engine.log(loop_return, who="api", action="fraud_report_deleted")
    return None, 204
