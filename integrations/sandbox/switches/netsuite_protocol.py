"""The switches of NetSuite's protocol. Names under "accounts" in the settings set one for a single account."""

from integrations.sandbox.switches.declare import Switch, flag, span, whole

SWITCHES: tuple[Switch, ...] = (
    span("netsuite.latency_s.read", 0.0, 0.0, "time a reading call takes"),
    span("netsuite.latency_s.write", 0.0, 0.0, "time a writing call takes"),
    whole("netsuite.concurrency", 5, "calls at once; above it 429", low=1, high=1000),
    whole("netsuite.token_lifetime_s", 3600, "life of an access token, in real time", high=86_400),
    flag("netsuite.create_form", True, "the preview of a record that is not saved exists"),
)
