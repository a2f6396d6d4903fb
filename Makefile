# make book · make test · make lab · make clean.  The README has the same steps without make.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.installed

# Idle threads of PyTorch wait asleep: beside other work, those that spin take five times as long.
export GOMP_SPINCOUNT ?= 1000

.PHONY: book test lab clean

book: $(READY)
	$(BIN)/jupyter-book build .
	@echo "The book is ready. Open: file://$(CURDIR)/_build/html/index.html"

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile --ignore tests/test_book.py --ignore-glob 'tests/test_site*.py'
	rm -rf _build/.doctrees _build/html _build/jupyter_execute
	$(BIN)/jupyter-book build -W -n --keep-going .
	$(BIN)/pytest -n 3 --dist loadfile tests/test_book.py tests/test_site.py tests/test_site_access.py tests/test_site_front.py tests/test_site_mathematics.py tests/test_site_notebooks.py tests/test_site_predict.py tests/test_site_print.py tests/test_site_publish.py tests/test_site_reference.py tests/test_site_weight.py tests/test_site_widths.py

lab: $(READY)
	$(BIN)/python book/_ext/lab.py

clean:
	rm -rf .venv _build aecourse.egg-info .pytest_cache .ruff_cache

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(f"Python 3.11 or newer is needed, but $(PYTHON) is {v[0]}.{v[1]}. Install one, or name it: make $(MAKECMDGOALS) PYTHON=python3.12" if v < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --no-compile -r requirements.txt -e .
	$(BIN)/python -m compileall -qq -j 0 .venv || true # on all cores, as pip would not; a template may be no Python
	@touch $@
