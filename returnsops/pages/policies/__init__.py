"""A shop's rules: read in words, changed by a typed form, tried on its returns before they hold."""
