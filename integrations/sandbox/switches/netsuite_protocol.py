"""The switches of NetSuite's protocol. Names under "accounts" in the settings set one for a single account."""

from integrations.sandbox.switches.declare import Switch, choice, flag, span, whole, words

SWITCHES: tuple[Switch, ...] = (
    span("netsuite.latency_s.read", 0.0, 0.0, "time a reading call takes"),
    span("netsuite.latency_s.write", 0.0, 0.0, "time a writing call takes"),
    whole("netsuite.concurrency", 5, "calls at once; above it 429", low=1, high=1000),
    whole("netsuite.token_lifetime_s", 3600, "life of an access token, in real time", high=86_400),
    whole("netsuite.integration_share", 0, "calls at once reserved for our integration; 0: it shares with all"),
    whole("netsuite.busy_elsewhere", 0, "calls other integrations of the account have running"),
    flag("netsuite.tba", True, "token-based authentication is enabled; it ends with a later release"),
    whole("netsuite.lock_after_failures", 5, "bad signatures in a row that lock the user; 0: never"),
    whole("netsuite.lock_s", 1800, "how long a locked user stays so, in real time"),
    words(
        "netsuite.missing_permissions", "what the role lacks: `Item Receipt`, or only `Item Receipt: Edit`"
    ),
    choice("netsuite.permission_code", ("INSUFFICIENT_PERMISSION", "USER_ERROR"), "the code of such a refusal"),
    flag("netsuite.administrator", False, "the role is the administrator's, whom `governanceLimits` answers"),
    choice("netsuite.error_type_form", ("rfc9110", "rfc2616"), "the address in `type` of an error"),
    choice("netsuite.login_code", ("INVALID_LOGIN", "INVALID_LOGIN_ATTEMPT"), "the code of a refused login"),
    flag("netsuite.timing_headers", True, "answers carry `X-N-OperationId` and `NS_RTIMER_COMPOSITE`"),
    choice("netsuite.created_status", (204, 201), "the status of a creation"),
    choice("netsuite.put_lines", ("merge", "replace"), "what an upsert does to the lines that exist (U18)"),
    span("netsuite.async_delay_s", 0.0, 0.2, "how long an asynchronous job waits, in business time"),
    flag("netsuite.async_any_order", False, "jobs overtake each other within that time"),
    whole("netsuite.async_job_days", 30, "how long jobs and their idempotency keys stay known, in business time (U12)"),
    choice("netsuite.async_location", ("path", "absolute"), "the job's address in `Location`: a path alone, or whole"),
    flag("netsuite.batch", True, "batches of records exist"),
    flag("netsuite.create_form", True, "previews of records that are not saved, and select options, exist (U11)"),
)
