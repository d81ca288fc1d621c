# Everything a person needs: make demo, make test. The rest is for those who change Balie.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
LOG ?= sqlite
EVAL ?= ../shared/eval

.PHONY: help install demo serve test fuzz check eval bench lock schemas clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(STAMP)  ## make .venv with everything in the lock file, and the command `balie`

$(STAMP): requirements.lock requirements-uv.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python requirements.lock requirements-uv.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: install  ## run the main job on invented answers; LOG=kafka takes a real local broker
	@$(BIN)/balie demo --log $(LOG)

serve: install  ## run collector, pipeline and warehouse here, with the settings of ./balie.toml
	@$(BIN)/balie serve

test: install  ## run all tests, two at a time, with the time each suite takes
	@$(BIN)/python -m pytest -n 2 --dist loadgroup

fuzz: install  ## throw some minutes of arbitrary bytes at every connector and parser
	@$(BIN)/python -m pytest -q --hypothesis-profile=thorough tests/contracts/test_connectors.py tests/connectors \
	  -k "whatever or throws or any_bytes or any_text"

check: install  ## lint, types, and the walls between the rooms
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

bench: install  ## measure the whole way beside its limit
	@$(BIN)/python -m benchmarks.whole_way

eval: install  ## score the scrubber and the agent parser on the labelled sets of ../shared/eval
	@$(BIN)/balie scrub < $(EVAL)/pii_dev.jsonl > $(VENV)/scrubbed.jsonl
	@$(BIN)/python $(EVAL)/score.py $(EVAL)/pii_dev.jsonl $(VENV)/scrubbed.jsonl
	@$(BIN)/balie user-agent < $(EVAL)/ua_dev.jsonl > $(VENV)/agents.jsonl
	@$(BIN)/python $(EVAL)/score_ua.py $(EVAL)/ua_dev.jsonl $(VENV)/agents.jsonl

lock: install  ## pin the newest versions that pyproject.toml allows
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --all-extras --upgrade pyproject.toml -o requirements.lock

schemas: install  ## write the JSON Schemas and the tables of docs/privacy.md and docs/coverage.md anew
	@$(BIN)/python -m schemas.export && $(BIN)/python -m pipelines.privacy_page && $(BIN)/python -m balie.integrators.coverage

clean:  ## remove what was installed and what the demo left
	rm -rf $(VENV) .balie/demo .tools
