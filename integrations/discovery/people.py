"""Whom a finding sends to whom."""

NETSUITE_ADMIN = "NetSuite administrator"
LOOP_ADMIN = "Loop administrator"
OURS_ADMIN = "ReturnsOps administrator"
FINANCE = "Finance"
OPERATIONS = "Whoever runs ReturnsOps"
ROLE_PAGE = "Setup › Users/Roles › Manage Roles"
