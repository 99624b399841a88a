# One Plan Hub. `make` alone lists what there is to do. Needs make, git and Python >= 3.11 with venv, nothing else.

VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements/dev.lock
RUN_LOCK := requirements/run.lock
STAMP := $(VENV)/.installed
BENCH_LOCK := requirements/bench.lock
BENCH_STAMP := $(VENV)/.installed-for-bench
BROWSER_LOCK := requirements/browser.lock
BROWSER_STAMP := $(VENV)/.installed-for-browser
DOCS_LOCK := requirements/docs.lock
DOCS_STAMP := $(VENV)/.installed-for-docs
MUTATION_LOCK := requirements/mutation.lock
MUTATION_STAMP := $(VENV)/.installed-for-mutation
CODE := bench docs/site hub tests

# A Python of your choice: make test PYTHON=python3.13
PYTHON ?=
# Passed on to the command: make demo ARGS=--once · make test ARGS="-k revocation"
ARGS ?=
# Where the dice of `make mutation` start, and how many changes of a module it tries at most (all unless given): SAMPLE=100
SEED ?= 20261128
SAMPLE ?=
# What the tests start over and over is compiled once, whatever the shell says of it.
unexport PYTHONDONTWRITEBYTECODE
# Test processes side by side; a file's tests stay together and in order. 0 runs all in one process.
JOBS ?= 3

.DEFAULT_GOAL := help
.PHONY: help demo quick test slow browser expected screenshots interleavings faults docs site sbom bench soak mutation check fmt fmt-check lint types imports lock assets wheel clean

help: ## List what there is to do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(STAMP) ## Start the hub and the authorities' systems and play a family's story (ARGS=--once ends by itself)
	@$(BIN)/hub demo $(ARGS)

test: $(STAMP) ## Run the tests; those that need PostgreSQL and RabbitMQ skip where there are none
	@$(BIN)/pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not slow" $(ARGS)

quick: $(STAMP) ## Run the tests without a mark, which compute and do nothing to the machine: some seconds
	@$(BIN)/pytest -n 2 --dist worksteal -m "not (integration or slow or laws or files or faults)" -p no:schemathesis tests/unit $(ARGS)

slow: $(STAMP) ## Run the tests that take many seconds each: processes killed, hundreds of made-up documents, whole stories
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m slow $(ARGS)

browser: $(BROWSER_STAMP) ## Open every page in Chromium, which must be there, with node and npm for axe (ARGS="-k keyboard")
	@HUB_TEST_REQUIRE_BROWSER=1 HUB_TEST_REQUIRE_NODE=1 $(BIN)/pytest -n $(JOBS) --dist loadfile -m browser -p no:cacheprovider $(ARGS) tests/browser

expected: $(STAMP) ## Write what the FHIR facade says into tests/contract/fhir anew
	@rm -f tests/contract/fhir/*.json
	@HUB_WRITE_EXPECTED=1 $(BIN)/pytest -p no:cacheprovider tests/contract/test_fhir_judged.py -k said

screenshots: $(BROWSER_STAMP) ## Take the pictures of the pages in docs/screenshots anew
	@HUB_TEST_REQUIRE_BROWSER=1 HUB_SCREENSHOTS=docs/screenshots $(BIN)/pytest -p no:cacheprovider tests/browser/test_screenshots.py

interleavings: $(STAMP) ## Run ten thousand random interleavings of revocations and deliveries; `make test` runs some hundreds
	@HUB_TEST_FULL=1 $(BIN)/pytest tests/integration/flow/test_interleavings.py $(ARGS)

faults: $(STAMP) ## Inject every fault into a real hub, in full (ARGS="--only api --set-up embedded"; --report writes docs/reports)
	@$(BIN)/python -m tests.faults $(ARGS)

docs: $(STAMP) ## Write docs/reference/contracts from the contracts, roles.md from the routes, settings.md from the model
	@$(BIN)/python -m hub.testing.contract_pages docs/reference/contracts
	@$(BIN)/python -m hub.testing.roles_page docs/reference/roles.md
	@$(BIN)/python -m hub.testing.settings_page docs/reference/settings.md

site: $(DOCS_STAMP) ## Make the site of the documents in dist/site, every link checked; open dist/site/index.html, no server needed
	@rm -rf dist/site
	@$(BIN)/sphinx-build -q -W --keep-going -n -j auto -b html -d build/site -c docs/site . dist/site
	@HUB_TEST_REQUIRE_SITE=1 $(BIN)/pytest -q -m site -p no:cacheprovider tests/integration/test_site.py

sbom: $(STAMP) ## Write dist/sbom.cdx.json: what a running hub is made of (CycloneDX), from the lock
	@$(BIN)/python -m hub.testing.sbom $(RUN_LOCK) .ci/assets dist/sbom.cdx.json

bench: $(BENCH_STAMP) ## Measure the hub against bare baselines, in one run; writes docs/reports/ (ARGS="--only mapping")
	@$(BIN)/python -m bench $(ARGS)

soak: $(BENCH_STAMP) ## Half an hour of steady load: nothing lost, nothing grows; writes docs/reports/ (ARGS="--servers", "--minutes 5")
	@$(BIN)/python -m bench.soak $(ARGS)

mutation: $(MUTATION_STAMP) ## Change hub/consent a little at a time and count what its tests notice (SAMPLE=100 for some of them)
	@rm -rf mutants
	@-HUB_TEST_SEED=$(SEED) nice -n 10 $(BIN)/mutmut run --max-children $(JOBS) $(if $(SAMPLE),"hub.consent.ages*",$(ARGS))
ifneq ($(SAMPLE),)
	@echo "$(SAMPLE) changes of each module at most, picked with the seed $(SEED)."
	@-HUB_TEST_SEED=$(SEED) nice -n 10 $(BIN)/mutmut run --max-children $(JOBS) $$($(BIN)/python -m bench.mutation --pick $(SAMPLE) --seed $(SEED))
endif
	@$(BIN)/python -m bench.mutation

check: fmt-check lint types imports test slow ## Run everything that must hold before a commit

fmt: $(STAMP) ## Format the code and sort its imports
	@$(BIN)/ruff check --quiet --select I --fix $(CODE)
	@$(BIN)/ruff format $(CODE)

fmt-check: $(STAMP) ## Tell whether `make fmt` would change anything
	@$(BIN)/ruff format --check $(CODE)

lint: $(STAMP) ## Find mistakes and broken habits (ruff)
	@$(BIN)/ruff check $(CODE)

types: $(STAMP) ## Check the types (mypy, strict)
	@$(BIN)/mypy

imports: $(STAMP) ## Check the floors and walls of the house (import-linter)
	@$(BIN)/lint-imports

assets: ## Bring the pages' stylesheet, script and fonts from the npm registry again (needs node)
	@.ci/assets

wheel: $(STAMP) ## Build the wheel into dist/
	@rm -rf dist
	@$(BIN)/hatchling build -t wheel -d dist

lock: ## Write the lock files anew from pyproject.toml (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv. Install it with: pipx install uv" >&2; exit 1; }
	@uv pip compile pyproject.toml --extra dev --extra otel --extra token --extra wssecurity --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --quiet -o $(LOCK)
	@uv pip compile pyproject.toml --extra token --extra wssecurity -c $(LOCK) --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --quiet -o $(RUN_LOCK)
	@uv pip compile pyproject.toml --extra dev --extra otel --extra token --extra wssecurity --extra bench -c $(LOCK) --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --quiet -o $(BENCH_LOCK)
	@uv pip compile pyproject.toml --extra dev --extra otel --extra token --extra wssecurity --extra browser -c $(LOCK) --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --quiet -o $(BROWSER_LOCK)
	@uv pip compile pyproject.toml --extra dev --extra otel --extra token --extra wssecurity --extra docs -c $(LOCK) --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --quiet -o $(DOCS_LOCK)
	@uv pip compile pyproject.toml --extra dev --extra otel --extra token --extra wssecurity --extra mutation -c $(LOCK) --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --quiet -o $(MUTATION_LOCK)

clean: ## Remove the virtual environment, caches and built files
	@rm -rf $(VENV) build dist mutants .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find $(CODE) -type d -name __pycache__ -prune -exec rm -rf {} +

# Installs when pyproject.toml or the lock has changed. Every file is checked against the hash in the lock; the hub
# itself is then installed editable with the build backend of the lock, so that nothing unlocked is ever fetched.
$(STAMP): pyproject.toml $(LOCK)
	@PYTHON='$(PYTHON)' sh requirements/make-venv $(VENV)
	@echo "Installing the locked packages into $(VENV) ..."
	@PIP_USER=0 $(BIN)/python -m pip install -qq --disable-pip-version-check --no-input --require-hashes -r $(LOCK)
	@PIP_USER=0 $(BIN)/python -m pip install -qq --disable-pip-version-check --no-input \
		--no-deps --no-build-isolation --editable .
	@touch $@

# What only the benchmarks need (Celery, to compare with), beside what is there: both locks agree on every version.
$(BENCH_STAMP): $(STAMP) $(BENCH_LOCK)
	@echo "Installing what the benchmarks compare with into $(VENV) ..."
	@PIP_USER=0 $(BIN)/python -m pip install -qq --disable-pip-version-check --no-input --require-hashes -r $(BENCH_LOCK)
	@touch $@

# What drives the browser that is there (Playwright), beside what is there, as with the benchmarks. It fetches no browser.
$(BROWSER_STAMP): $(STAMP) $(BROWSER_LOCK)
	@echo "Installing what drives a browser into $(VENV) ..."
	@PIP_USER=0 $(BIN)/python -m pip install -qq --disable-pip-version-check --no-input --require-hashes -r $(BROWSER_LOCK)
	@touch $@

# What makes the site of the documents (Sphinx), beside what is there, as with the benchmarks.
$(DOCS_STAMP): $(STAMP) $(DOCS_LOCK)
	@echo "Installing what makes the site of the documents into $(VENV) ..."
	@PIP_USER=0 $(BIN)/python -m pip install -qq --disable-pip-version-check --no-input --require-hashes -r $(DOCS_LOCK)
	@touch $@

# What changes the code for `make mutation` (mutmut), beside what is there, as with the benchmarks.
$(MUTATION_STAMP): $(STAMP) $(MUTATION_LOCK)
	@echo "Installing what changes the code into $(VENV) ..."
	@PIP_USER=0 $(BIN)/python -m pip install -qq --disable-pip-version-check --no-input --require-hashes -r $(MUTATION_LOCK)
	@touch $@
