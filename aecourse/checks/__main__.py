"""``python -m aecourse.checks homework.ipynb``: run a notebook's answers, and print a table."""

import argparse
import sys
from pathlib import Path

from .homework import report, table


def main() -> int:
    """Print what the checks say of one notebook or several; it reports, and does not grade."""
    parser = argparse.ArgumentParser("python -m aecourse.checks", description=main.__doc__)
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--limit", type=int, default=60, help="seconds that a cell may take")
    chosen = parser.parse_args()
    failed = False
    for path in chosen.notebooks:
        try:
            found = report(path, limit=chosen.limit)
        except ModuleNotFoundError as error:
            print(f'{error.name} is missing: pip install "aecourse[teach]"', file=sys.stderr)
            return 1
        except (OSError, ValueError) as error:
            print(error, file=sys.stderr)
            failed = True
            continue
        print(f"{path}\n{table(found) or 'no call of a check'}\n")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
