# `make` lists the commands. Variables that may be given on the command line:
#   VENV=DIR        the environment, .venv by default
#   PYTHON=PROGRAM  what makes the environment, Python 3.11 to 3.14 (the newest)
#   TORCH=cpu       PyTorch for the CPU alone
#   TORCH_INDEX=URL a package index with PyTorch for another CUDA version
#   PICTURES=DIR    pictures of your own for `make demo`
#   ARGS=...        what `make test` hands to pytest and `make demo` to the demo

VENV ?= .venv
PYTHON ?=
TORCH ?=
TORCH_INDEX ?=
# Of the packages of OpenMMLab: openmmlab, or forks, which `make test-forks` takes.
STACK ?= openmmlab
FORKS_VENV ?= .venv-forks
PICTURES ?=
ARGS ?=

PY := $(VENV)/bin/python
INSTALL := $(PY) -m pip install --disable-pip-version-check -c requirements/constraints.txt

# The name of the stamp tells what was installed, and for which checkout: it is
# missing in a new environment, after an interrupted setup and after a change.
SETUP_FILES := $(sort $(wildcard requirements/*.txt)) pyproject.toml setup.py
SETUP_KEY := $(shell { pwd; cat $(SETUP_FILES); } | cksum | cut -d ' ' -f 1)
STAMP := $(VENV)/.setup-$(SETUP_KEY)

CHECK_PYTHON := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))

CHECK_CPU := import sys; from importlib.metadata import version; \
  sys.exit(sys.platform != "darwin" and not version("torch").endswith("+cpu"))

.DEFAULT_GOAL := help
.PHONY: help setup test test-fast test-docs test-forks docs fuzz campaign lint format starter demo clean

help:  ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile

setup: $(STAMP)  ## make the environment, or bring it up to date
ifeq ($(TORCH),cpu)
	@'$(PY)' -c '$(CHECK_CPU)' || { \
	  echo 'error: $(VENV) has PyTorch with CUDA already; to fix it: remove it, or name' \
	    'another one with VENV=DIR' >&2; \
	  exit 1; \
	}
endif

# A pip that was killed may leave a package whose files are incomplete and which
# still counts as installed; it lacks the RECORD that pip writes last.
$(STAMP):
	@echo '== environment: $(VENV)'
	@$(make_venv)
	@rm -f '$(VENV)'/.setup-*
	@find '$(VENV)'/lib -path '*/site-packages/*.dist-info' -prune -type d \
	  ! -exec test -s '{}/RECORD' ';' -exec rm -r '{}' +
	@echo '== 1/6 build tools'
	@$(INSTALL) -r requirements/build.txt
	@echo '== 2/6 PyTorch'
	@$(install_torch)
	@echo '== 3/6 runtime needs'
	@$(INSTALL) -r requirements/runtime.txt
	@echo '== 4/6 OpenMMLab'
	@$(INSTALL) --no-deps $(if $(filter forks,$(STACK)),,--no-build-isolation) \
	  -r requirements/$(STACK).txt
	@echo '== 5/6 developer tools'
	@$(INSTALL) -r requirements/dev.txt
	@echo '== 6/6 this package'
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@$(PY) -m fashion_mmpose.operators
	@$(PY) -W ignore -c 'import cv2, fashion_mmpose.plugin, mmpose.apis, torchvision'
	@touch '$@'

# On Linux, builds for the CPU alone have a version of their own, so that no other one
# can be installed by mistake; PyPI's builds for macOS are of that kind already.
CPU_INDEX := https://download.pytorch.org/whl/cpu
define install_torch
case '$(TORCH)' in \
'') $(INSTALL) $(if $(TORCH_INDEX),--index-url '$(TORCH_INDEX)') -r requirements/torch.txt;; \
cpu) \
  if [ "$$(uname -s)" = Darwin ]; then \
    $(INSTALL) $(if $(TORCH_INDEX),--index-url '$(TORCH_INDEX)') -r requirements/torch.txt; \
  else \
    builds=$$(sed -n 's/^\(torch[a-z]*==[0-9.]*\)$$/\1+cpu/p' requirements/constraints.txt); \
    $(INSTALL) --index-url '$(or $(TORCH_INDEX),$(CPU_INDEX))' $$builds || { \
      echo 'error: $(or $(TORCH_INDEX),$(CPU_INDEX)) does not give PyTorch for the CPU' \
        "($$(echo $$builds)); to fix it: name an index that does, TORCH_INDEX=URL, or leave" \
        'TORCH=cpu out: the usual build runs on the CPU too, and takes 6 GB' >&2; \
      exit 1; \
    }; \
  fi;; \
*) echo 'error: TORCH=$(TORCH) is unknown; the only choice is TORCH=cpu' >&2; exit 1;; \
esac
endef

# Keeps an environment whose pip works. Python without ensurepip (a Debian without
# the package python3-venv) makes one all the same if it has a pip of its own.
define make_venv
if ! '$(PY)' -m pip --version >/dev/null 2>&1; then \
  python=; \
  for candidate in $(or $(PYTHON),python3.14 python3.13 python3.12 python3.11 python3 python); do \
    if "$$candidate" -c '$(CHECK_PYTHON)' >/dev/null 2>&1; then \
      python=$$candidate; break; \
    fi; \
  done; \
  if [ -z "$$python" ]; then \
    echo 'error: Python 3.11 to 3.14 is needed; name it with PYTHON=/path/to/python' >&2; \
    exit 1; \
  fi; \
  clear=; \
  if [ -e '$(VENV)/pyvenv.cfg' ]; then clear=--clear; fi; \
  if "$$python" -c 'import ensurepip' >/dev/null 2>&1; then \
    "$$python" -m venv $$clear '$(VENV)'; \
  else \
    "$$python" -m venv $$clear --without-pip '$(VENV)' \
      && "$$python" -m pip --python '$(PY)' install pip; \
  fi || { \
    echo "error: $$python cannot make an environment in $(VENV);" \
      'it needs ensurepip (Debian, Ubuntu: the package python3-venv) or pip' >&2; \
    exit 1; \
  }; \
fi; \
'$(PY)' -c '$(CHECK_PYTHON)' || { \
  echo 'error: $(VENV) is not of Python 3.11 to 3.14; remove it or give another VENV=' >&2; \
  exit 1; \
}
endef

# Files stay together, whose tests share what is slow to make; how many run at once, and
# in which order, says tests/conftest.py. The small tensors of the tests are slower with
# several threads.
IN_PARALLEL := -n auto --dist loadfile --no-loadscope-reorder
test test-fast test-docs test-forks: export OMP_NUM_THREADS ?= 1
# Else every process of the tests, and every command that they call, compiles all anew.
test test-fast test-docs test-forks: export PYTHONDONTWRITEBYTECODE :=
test: $(STAMP)  ## run the tests, e.g. with ARGS='-k packaging'
	$(PY) -m pytest $(IN_PARALLEL) -m 'not docs' $(ARGS)

test-fast: $(STAMP)  ## run the tests that take a moment, to try out a change
	$(PY) -m pytest $(IN_PARALLEL) -m 'not slow' $(ARGS)

test-docs: $(STAMP)  ## run the commands of README and docs as they are written
	$(PY) -m pytest -n auto -m docs $(ARGS)

# The forks' mmcv would compile its operators where a build sees PyTorch.
test-forks:  ## test with maintained forks of MMEngine, MMCV and MMDetection
	@$(MAKE) --no-print-directory setup VENV='$(FORKS_VENV)' STACK=forks
	'$(FORKS_VENV)/bin/python' -m pytest $(IN_PARALLEL) -m 'not docs and not slow' \
	  tests/test_apis tests/test_codecs tests/test_export tests/test_inference \
	  tests/test_models tests/test_operators.py tests/test_stack $(ARGS)

docs: $(STAMP)  ## build the pages of docs/ to docs/_build/html; a warning is an error
	$(PY) -W ignore -m sphinx -W --keep-going -q -b html docs docs/_build/html $(ARGS)
	@echo 'docs/_build/html/index.html'

fuzz: $(STAMP)  ## try changed files on every reader, e.g. with ARGS='--num 100000'
	PYTHONPATH=.:tests/helpers $(PY) tests/test_fuzz/campaign.py $(ARGS)

campaign: export OMP_NUM_THREADS ?= 1
campaign: $(STAMP)  ## kill commands at random moments and compare, for hours
	nice $(PY) tests/campaign/kill_campaign.py $(ARGS)

lint: $(STAMP)  ## check style, spelling and types
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(VENV)/bin/codespell
	$(PY) -m basedpyright --pythonpath '$(PY)'

format: $(STAMP)  ## put the files into the project's style
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

starter: $(STAMP)  ## make the networks that the package carries, in hours
	$(PY) tools/make_starter.py $(ARGS)

demo: $(STAMP)  ## finetune the starter on drawn garments, test, draw; PICTURES=DIR: yours, too
	$(PY) tools/demo.py $(if $(PICTURES),--pictures '$(PICTURES)') $(ARGS)

clean:  ## remove builds and caches; the environment and work_dirs stay
	rm -rf build dist *.egg-info fashion_mmpose/.mim .pytest_cache .ruff_cache
	find . -name '.?*' -prune -o -type d -name __pycache__ -prune -exec rm -r {} +
