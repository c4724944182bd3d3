"""The switches of the connector between shop and NetSuite, and of living traffic."""

from integrations.sandbox.switches.declare import Switch, flag, number, whole

SWITCHES: tuple[Switch, ...] = (
    flag("connector.exchange_orders", True, "the connector brings exchange orders into NetSuite"),
    number("connector.exchange_delay_s", 1.0, "how long it takes to"),
    number("living.parcel_step_s", 15.0, "a parcel's time from one scan to the next"),
    whole("living.open_returns_max", 300, "open returns at which living traffic stops making new ones", low=1),
)
