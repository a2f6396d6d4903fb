import matplotlib

matplotlib.use("agg")  # no window, whatever the machine
