"""The door: hands over to `cli`."""

from helmward.cli.main import main

if __name__ == "__main__":
    main()
