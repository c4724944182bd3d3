"""`python -m integrations.sandbox`: the sandbox as a program of its own."""

from integrations.sandbox.server import main

main()
