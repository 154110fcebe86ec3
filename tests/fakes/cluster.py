"""A worker of a Dask cluster, with a fake in the place of PyTorch: ADDRESS FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path

from distributed.cli.dask_worker import main
from fakes import drive

if __name__ == "__main__":
    address, folder = sys.argv[1:]
    drive.fake(Path(folder))
    options = ["--no-nanny", "--no-dashboard", "--nthreads", "1", "--local-directory", folder]
    main([address, *options])
