"""The switches of Loop. Names under "shops" in the settings set one for a single shop."""

from integrations.sandbox.switches.declare import Switch, choice, flag, number, rate, span, text, whole

SWITCHES: tuple[Switch, ...] = (
    span("loop.latency_s", 0.0, 0.0, "time a call takes, evenly spread"),
    span("loop.latency_model.read", 0.0, 0.0, "median and 95th percentile of a GET, lognormal; 0 is off"),
    span("loop.latency_model.write", 0.0, 0.0, "the same of every other call"),
    whole("loop.rate_limit_per_minute", 300, "calls per key; above it 429", low=1),
    choice("loop.api_version", ("2026-07", "2026-10", "v1"), "what the version header says"),
    span("loop.process_delay_s", 0.3, 1.5, "processing is queued this long"),
    number("loop.was_processed_delay_s", 3.0, "`was_processed` follows this much later; real Loop: minutes to hours"),
    flag("loop.allow_flagged_processing", False, "the merchant lets returns in review be processed"),
    flag("loop.loop_discount", True, "exchange orders carry the credit as a discount; off: full value"),
    number("loop.expiry_days", 28, "days without a carrier's scan until a return expires"),
    flag("loop.drift.extra_fields", False, "keys nobody knows, in every return"),
    flag("loop.drift.fee_with_sign", False, "the handling fee with a currency sign"),
    flag("loop.drift.null_for_na", False, 'null where "N/A" was'),
    flag("loop.drift.unsorted_list", False, "lists in any order"),
    flag("loop.drift.details_as_array", False, "details by return id in an array"),
    flag("loop.drift.silent_updates", False, "changes that leave `updated_at` alone"),
    text("loop.drift.outcome", "", "a word nobody knows as the outcome of every return"),
    text("loop.drift.label_status", "", "a word nobody knows as the label status of every return"),
    choice("loop.ids_in_webhooks", ("text", "number"), "how ids are written"),
    whole("loop.webhooks.attempts", 6, "tries of one delivery", low=1, high=20),
    number("loop.webhooks.retry_base_s", 1.0, "first wait between tries; doubling, jittered", low=0.01),
    number("loop.webhooks.timeout_s", 5.0, "patience with the receiver", low=0.01, high=120),
    span("loop.webhooks.delay_s", 0.0, 0.0, "deliveries come late"),
    rate("loop.webhooks.duplicate_rate", "chance that a delivery comes twice"),
    rate("loop.webhooks.drop_rate", "chance that it never comes"),
    rate("loop.webhooks.wrong_signature_rate", "chance that it is signed with another secret"),
    rate("loop.webhooks.empty_rate", "chance that its payload is empty"),
    flag("loop.webhooks.reorder", False, "shuffle deliveries over two seconds"),
)
