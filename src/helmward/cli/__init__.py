"""Commands and flags into Settings; exit codes; what a terminal shows.

May hold whatever turns words on a command line into calls of `app`, `demo` and
`devplane`. Nothing heavy is imported before a command runs: `--help` is quick.
"""
