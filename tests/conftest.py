import os

import matplotlib

matplotlib.use("agg")  # no window, whatever the machine
os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests run side by side, one a core
