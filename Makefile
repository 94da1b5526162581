# The usual verbs. `make speak` and `make test` do all their own set-up.
.PHONY: help playground setup blas speak unit test test-hosts lint types types-sidecar \
    types-client types-cluster coverage goldens goldens-asset schema bench \
    text-scores docs build release-assets vsix bundle npm-packages release-check lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TEXT ?= Hello there. This is a small voice in a child process.
OUT ?= hello.wav
export TEXT OUT
# What `make coverage` runs.
TESTS ?= -m "not slow and not hosts"
# What `make goldens-asset` packs.
GOLDEN ?= ../shared/golden
# On Linux: cpu, cuda12 or cuda13. macOS needs no extra.
EXTRA ?= $(if $(filter Linux,$(shell uname -s)),cpu,)

# Three workers for two cores, since many tests wait for processes. A worker that has finished takes
# tests from the others, so that all end together.
PARALLEL := --numprocesses 3 --dist worksteal
# A file of these stays in one worker, since its tests share what they have installed. The order is
# that of tests/conftest.py, and not by the number of tests in a file.
PARALLEL_HOSTS := --numprocesses 4 --dist loadfile --no-loadscope-reorder

READY := $(VENV)/ready-$(EXTRA)
QUALITY := $(VENV)/ready-quality

help:
	@echo "make speak [TEXT=…] [OUT=hello.wav]   set up, and speak a sentence to a WAV file"
	@echo "make unit                             the tests that need no process, model or network"
	@echo "make test                             set up, and run every check and test"
	@echo "make test-hosts                       the tests that install large packages of others"
	@echo "make goldens                          download the reference outputs for tests/parity"
	@echo "make text-scores                      how the cases in tests/data/text are read and split"
	@echo "make docs                             the documentation site, in build/docs/site"
	@echo "make vsix                             the extension for VS Code, in dist/"
	@echo "make bundle                           a folder that speaks without Python, in build/bundle/"
	@echo "make setup | lint | coverage [TESTS=…] | schema | bench | build | lock | clean"

setup: blas $(READY)

$(READY): pyproject.toml clients/python/pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint requirements.lock \
	    --editable ".[$(if $(EXTRA),$(EXTRA)$(comma))dev]" --editable clients/python
	@touch $@

comma := ,

# The recogniser is large, and speaking needs none.
$(QUALITY): $(READY)
	$(BIN)/python -m pip install --quiet --constraint requirements.lock \
	    --editable ".[$(if $(EXTRA),$(EXTRA)$(comma))dev,quality]"
	@touch $@

# MLX on a Linux CPU is several times faster on OpenBLAS. Root (a container, CI) gets it here.
blas:
	@if [ "$$(uname -s)" = Linux ] && ! ldconfig -p | grep -q libopenblas; then \
	    if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	        echo "installing OpenBLAS (libopenblas0-pthread)"; \
	        { apt-get update -qq && apt-get install -y -qq libopenblas0-pthread; } >/dev/null 2>&1 \
	            || echo "OpenBLAS could not be installed: everything works, slower"; \
	    else \
	        echo "hint: install OpenBLAS for speed (Debian, Ubuntu: libopenblas0-pthread)"; \
	    fi; \
	fi

speak: setup
	@mkdir -p "$$(dirname "$$OUT")"
	@$(BIN)/qwen-tts-sidecar say "$$TEXT" --output "$$OUT"

unit: setup
	$(BIN)/python -m pytest $(PARALLEL) tests/unit

test: lint
	$(BIN)/python -m pytest $(PARALLEL) -m "not hosts"

lint: setup $(QUALITY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	cd clients/python && ../../$(BIN)/lint-imports
	cd cluster && ../$(BIN)/lint-imports
	$(MAKE) --jobs=2 types
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms \
	    .github/ISSUE_TEMPLATE/bug.yml .github/ISSUE_TEMPLATE/feature.yml

# Each of pyright's processes keeps one core busy.
types: types-sidecar types-client types-cluster

types-sidecar:
	$(BIN)/pyright

types-client:
	$(BIN)/pyright --project clients/python

types-cluster:
	$(BIN)/pyright --project cluster

# Foreign clients, as they are: some 400 MB of packages, which are kept in build/ and node_modules/.
# And protocol/vectors in Node, which tests/protocol has with the same sidecar.
test-hosts: setup $(QUALITY)
	$(BIN)/python -m pytest $(PARALLEL_HOSTS) -m hosts

# The reference outputs of the official code, from the release asset that .ci/goldens.json names.
goldens:
	$(PYTHON) .ci/goldens.py fetch

# That asset, of a folder of reference outputs: build/golden.tar, to be uploaded to a release.
goldens-asset:
	$(PYTHON) .ci/goldens.py pack "$(GOLDEN)"

# Which lines and branches the tests reach, the processes that they start included.
coverage: setup $(QUALITY)
	rm -rf build/coverage && mkdir -p build/coverage
	$(BIN)/coverage run -m pytest $(TESTS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --sort=cover
	$(BIN)/coverage html --quiet --directory build/coverage/html

schema: setup
	$(BIN)/python -m sidecar.rpc.schema > protocol/schema.json
	node clients/typescript/scripts/generate-types.mjs
	$(BIN)/python clients/python/scripts/generate_types.py

# The page of the command `playground`, which is committed, so that nobody needs Node or Bun to use it.
playground:
	node clients/typescript/scripts/build-playground.mjs

bench: setup
	$(BIN)/python -m bench $(BENCH)

# How many of the cases of public suites are read and split as expected, by language and kind.
text-scores: setup
	$(BIN)/python -m bench.text tests/data/text/normalisation.jsonl tests/data/text/sentences.jsonl

# The documentation site: docs/site. Node is needed for the reference of the TypeScript client.
docs: setup
	$(BIN)/python -m pip install --quiet --constraint requirements.lock --editable ".[docs]"
	cd clients/typescript && npm ci --silent && npm run --silent build
	$(BIN)/python -m docs.site

# The address of the repository, which npm compares with that of the workflow that publishes a package.
NPM_OPTIONS := $(if $(REPOSITORY),--repository "$(REPOSITORY)")

# The wheels and source archives of the sidecar and of the Python client, and the npm package, in dist/.
build: setup
	rm -rf dist
	$(BIN)/python -m build --outdir dist .
	$(BIN)/python -m build --outdir dist clients/python
	cd clients/typescript && npm ci --silent
	$(BIN)/python packaging/npm.py $(NPM_OPTIONS) client

# The extension for VS Code, in dist/. REPOSITORY and REVISION are where the links of its page lead.
vsix:
	cd clients/vscode && npm ci --silent && cd packing && npm ci --silent
	cd clients/vscode && npm run --silent package -- ../../dist

# What a release has besides its packages, in dist/: the formula for Homebrew, and the bill of materials
# of an installation by pip on this platform.
release-assets: setup
	$(BIN)/python packaging/homebrew.py dist/qwen_tts_sidecar-*.whl > dist/qwen-tts-sidecar.rb
	rm -rf build/installed
	$(BIN)/uv pip install --quiet --python $(BIN)/python --target build/installed \
	    --constraint requirements.lock "$$(echo dist/qwen_tts_sidecar-*.whl)$(if $(EXTRA),[$(EXTRA)])"
	SOURCE_DATE_EPOCH="$$(git log -1 --format=%ct)" $(BIN)/python packaging/sbom.py build/installed \
	    --output "$$(echo dist/qwen_tts_sidecar-*.whl | sed 's/-py3-none-any.whl//')-pip-$$(uname -s)-$$(uname -m).cdx.json"

# A tree that speaks on any machine of this platform, without Python: build/bundle/<platform>/, and
# dist/*.tar.gz of it. docs/packaging.md.
bundle: setup
	$(BIN)/python packaging/bundle.py $(BUNDLE)

# The npm package of this platform, from that tree. `make build`, which empties dist/, writes the client's.
npm-packages: bundle
	for tree in build/bundle/*/; do $(BIN)/python packaging/npm.py $(NPM_OPTIONS) platform $$tree || exit 1; done

# Fails unless TAG names the version of every package, and the protocol still works for clients of the last release.
release-check:
	$(PYTHON) .ci/version.py --check --tag "$(TAG)"
	$(PYTHON) .ci/protocol_changes.py

# Resolves pyproject.toml anew for every platform (uv.lock), and exports it for pip.
lock: setup
	$(BIN)/uv lock --upgrade --default-index https://pypi.org/simple
	$(BIN)/$(EXPORT) > requirements.lock

# tests/process/test_lock.py compares its output with requirements.lock.
EXPORT := uv export --quiet --frozen --all-extras --no-emit-project --no-hashes --no-annotate --no-header

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis dist build
