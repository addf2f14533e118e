"""``python -m joblens`` is the same as ``joblens``."""

import sys


def main() -> None:
    """Load and run the command line; Ctrl-C while it loads ends it quietly, too."""
    try:
        from joblens.cli import main as run

        run()
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
