"""Whom to ask, as it stands after «Ask»."""

NETSUITE_ADMIN = "the NetSuite administrator"
LOOP_ADMIN = "the Loop administrator"
OURS_ADMIN = "the ReturnsOps administrator"
FINANCE = "finance"
OPERATIONS = "whoever runs ReturnsOps"
ROLE_PAGE = "Setup › Users/Roles › Manage Roles"
