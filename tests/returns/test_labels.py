"""What people read is never a word of an interface."""

from integrations.netsuite.suiteql import RECORD_TYPES
from returnsops.returns.labels import RECORD_NAMES, record_name


def test_every_kind_of_record_that_we_read_has_a_name() -> None:
    assert {*RECORD_TYPES.values()} - RECORD_NAMES.keys() == set()
    assert record_name("itemFulfillment") == ("IF", "Item Fulfillment")


def test_kind_that_nobody_knows_is_named_as_netsuite_does() -> None:
    assert record_name("workOrder") == ("workOrder", "workOrder")
