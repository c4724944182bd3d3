"""The switches of the connector between shop and NetSuite, and of living traffic."""

from integrations.sandbox.switches.declare import Switch, choice, flag, number, whole

SWITCHES: tuple[Switch, ...] = (
    flag("connector.addresses", True, "customers that the connector brings have an address in NetSuite"),
    flag("connector.exchange_orders", True, "the connector brings exchange orders into NetSuite"),
    number("connector.exchange_delay_s", 1.0, "how long it takes to"),
    choice(
        "connector.native_exchange",
        ("original_order", "extra_order", "nothing"),
        "new goods of a native exchange: on the original order, on an order of their own, nowhere",
    ),
    number("living.parcel_step_s", 15.0, "a parcel's time from one scan to the next"),
    whole("living.open_returns_max", 300, "open returns at which living traffic stops making new ones", low=1),
)
