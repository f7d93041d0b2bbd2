"""``python -m nflows_np``: see :mod:`nflows_np._cli`."""

from nflows_np._cli import main

if __name__ == "__main__":
    raise SystemExit(main())
