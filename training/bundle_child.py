"""A process of its own that tries a bundle on customers: what crashes or hangs harms nobody else.

Its memory and time are limited before anything of the bundle is read. It prints one JSON object:
the `version` of a bundle that works, or a `fault`.
"""

import json
import resource
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from models.bundle import Bundle

PROBES = 64


def limit_memory(most_bytes: int) -> None:
    """Cap the memory of this process; leave no core dump, which would hold the model."""
    resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def tried(folder: Path, customers: Path | None, seconds: float) -> str:
    """Load the bundle, let it predict, and give its version.

    Parameters
    ----------
    seconds : after which the kernel ends this process, whatever it is at
    customers : `.npz` of `columns` and `values`; None for customers made from the bundle's own
        reference distributions
    """
    import numpy as np
    import pandas as pd

    from models.bundle import load_bundle
    from training.promotion import verified

    # Begun after the imports, whose time depends on what else the machine does.
    signal.setitimer(signal.ITIMER_REAL, seconds)
    if customers is None:
        features = probes(load_bundle(folder))
    else:
        with np.load(customers, allow_pickle=False) as told:
            features = pd.DataFrame(told["values"], columns=[str(c) for c in told["columns"]])
    return verified(folder, features).version


def probes(bundle: "Bundle") -> "pd.DataFrame":
    """Made customers, from the least of every feature to the most, as far as training knew them.

    All features rise together: mixed at random they would be of customers who cannot be, whose
    latest purchase lies before their first. Who lacks a feature has the least of the others. A
    feature without a reference takes the values 0 to 10.
    """
    import numpy as np
    import pandas as pd

    level = np.linspace(0, 1, PROBES)
    columns = {}
    for name in bundle.features:
        known = bundle.reference.get(name, {"null": 0.0, "deciles": list(range(11))})
        values, null = np.append(known["deciles"], np.nan), float(known["null"])
        there = (level - null) / max(1 - null, 1e-9)
        step = (np.clip(there, 0, 1) * (len(values) - 2)).astype(int)
        columns[name] = np.where(there >= 0, values[np.maximum(step, 0)], np.nan)
    return pd.DataFrame(columns)


if __name__ == "__main__":
    limit_memory(int(sys.argv[1]))
    try:
        given = Path(sys.argv[4]) if len(sys.argv) > 4 else None
        print(json.dumps({"version": tried(Path(sys.argv[3]), given, float(sys.argv[2]))}))
    except BaseException as failure:  # noqa: BLE001 - the parent tells the person
        ours = hasattr(failure, "exit_code")
        fault = str(failure) if ours else f"{type(failure).__name__}: {failure}"
        print(json.dumps({"fault": fault}))
        sys.exit(1)
