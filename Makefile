# Prepares and calls; what happens is in Rust (infra/zion), in the tools below, and in tests/gates.
# Everything that is installed goes to .local, everything that is built to target. Stamps keep a warm run short.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
FUNCTIONS := plan export scrub assemble approve upload status promote sunset
EMULATOR := .local/emulator
CHECK := .local/check
POLICY := .local/policy
PEERS := .local/peers
BEDROCK := .local/bedrock
LOOK := .local/look
MOVERS := .local/movers
NODE := .local/node
MACHETE := .local/cargo/bin/cargo-machete
MACHETE_VERSION := 0.9.1
FUZZ := .local/cargo/bin/cargo-fuzz
FUZZ_VERSION := 0.13.2
FUZZ_TARGETS := find rewrite twice spans
# What provided.al2023 has.
LAMBDA_GLIBC := GLIBC_2.34
# Where cargo builds.
TARGETS := $(or $(CARGO_TARGET_DIR),target)

.PHONY: help demo build package release test check gates campaign bench look score kinds fuzz clean-local pins

help: ## says what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'
	@echo "  make check-NAME   one gate of: $(GATES)"

demo: $(EMULATOR)/.stamp build ## the whole job on this machine, from set-up to summary: RECIPE=zion-support ROWS=20000
	target/debug/zion demo $(if $(RECIPE),--recipe $(RECIPE)) $(if $(ROWS),--rows $(ROWS))

build: ## development binaries, and stripped copies of the functions in target/lambda
	cargo build --workspace --bins --locked
	@$(call bootstraps,debug)

package: release ## release binaries in target/lambda/<function>/bootstrap, ready for `sam deploy --guided`
	@for f in $(FUNCTIONS); do \
	  to=target/lambda/$$f/bootstrap; \
	  case "$$(objdump -f $$to)" in *elf64-x86-64*) ;; *) echo "$$to is not for x86_64 Linux: build it there" >&2; exit 1;; esac; \
	  newest=$$(objdump -T $$to | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1); \
	  if [ "$$(printf '%s\n' "$$newest" $(LAMBDA_GLIBC) | sort -V | tail -n 1)" != $(LAMBDA_GLIBC) ]; then \
	    echo "$$to needs $$newest, Lambda has $(LAMBDA_GLIBC): build on an older system, or with cargo-lambda" >&2; exit 1; fi; \
	done

release:
	cargo build --release --bins --locked $(FUNCTIONS:%=-p %)
	@$(call bootstraps,release)

test: $(EMULATOR)/.stamp $(PEERS)/.stamp $(BEDROCK)/.stamp $(NODE)/.stamp build ## every test, whole runs on the emulator included; installs what they need
	cargo test --workspace --locked

# The template's CodeUri is the same for both profiles; the marker says whose copies lie there.
define bootstraps
for f in $(FUNCTIONS); do \
  from=target/$(1)/$$f; to=target/lambda/$$f/bootstrap; \
  if [ ! -e $$to ] || [ $$from -nt $$to ] || [ "$$(cat target/lambda/.profile 2>/dev/null)" != $(1) ]; then \
    mkdir -p target/lambda/$$f; strip -o $$to $$from; chmod 755 $$to; fi; \
done; echo $(1) > target/lambda/.profile
endef

# ---------------------------------------------------------------- gates, cheapest first
GATES := fmt lines tree typos workflow deny machete pure fuzz policy lint template clippy docs faults

check: ## what CI runs before the tests: format, sizes, dependencies, spelling, lints, docs, template, and proof that each gate bites
	@for gate in $(GATES); do \
	  from=$$(date +%s%N); echo "── check-$$gate"; $(MAKE) check-$$gate; \
	  printf '   %s ms\n' $$(( ($$(date +%s%N) - from) / 1000000 )); \
	done

check-fmt:
	@cargo fmt --all --check

check-lines:
	@$(PYTHON) tests/gates/lines.py

check-tree:
	@$(PYTHON) tests/gates/tree.py

check-typos: $(CHECK)/.stamp
	@$(CHECK)/bin/typos

check-workflow: $(NODE)/.stamp
	@NODE_PATH=$(NODE)/node_modules node tests/gates/workflow.js infra/workflow.asl.json

check-deny: $(CHECK)/.stamp
	@$(CHECK)/bin/cargo-deny --log-level error --locked check --hide-inclusion-graph bans licenses sources

check-machete: $(MACHETE)
	@$(MACHETE) $(CURDIR)

check-pure:
	@cargo test --locked -p pii -p records

check-policy: $(CHECK)/.stamp $(POLICY)/.stamp
	@$(CHECK)/bin/python infra/guard/check.py template.yaml
	@$(POLICY)/bin/checkov --config-file infra/guard/checkov.yaml -f template.yaml

check-lint: $(CHECK)/.stamp
	@$(CHECK)/bin/cfn-lint --regions eu-west-1 -- template.yaml

# A region, because SAM asks for one; no account, no credentials, no call home.
check-template: export AWS_DEFAULT_REGION := eu-west-1
check-template: export SAM_CLI_TELEMETRY := 0
check-template: $(CHECK)/.stamp
	@$(CHECK)/bin/sam validate --lint --template template.yaml

check-clippy:
	@cargo clippy --workspace --all-targets --locked -- -D warnings

check-docs:
	@RUSTDOCFLAGS=-Dwarnings cargo doc --workspace --no-deps --locked

# Fixed seeds and a fixed number of texts: what passes once passes again. `make fuzz` looks further.
check-fuzz: $(FUZZ)
	@cargo fmt --check --manifest-path fuzz/Cargo.toml
	@mkdir -p .local/fuzz
	@$(fuzz) build $(FUZZ_WITH) > .local/fuzz/said.txt 2>&1 || { tail -60 .local/fuzz/said.txt; exit 1; }
	@for target in $(FUZZ_TARGETS); do \
	  rm -rf .local/fuzz/gate; mkdir -p .local/fuzz/gate; \
	  $(fuzz) run $(FUZZ_WITH) $$target .local/fuzz/gate fuzz/seeds -- $(FUZZ_TEXTS) -runs=3000 -seed=1 -max_total_time=30 \
	    > .local/fuzz/said.txt 2>&1 || { tail -60 .local/fuzz/said.txt; exit 1; }; \
	  echo "fuzz: $$target: $$(grep -a -o 'Done .*' .local/fuzz/said.txt)"; \
	done

check-faults gates: $(CHECK)/.stamp $(POLICY)/.stamp $(NODE)/.stamp $(MACHETE)
	@$(PYTHON) tests/gates/faults.py $(FAULTS)

gates: ## proves that each gate rejects a seeded fault: FAULTS='clippy policy' for some of them

# The scrubber alone needs neither the emulator nor the packaged functions, the export only the emulator's PostgreSQL.
bench: $(if $(filter scrub,$(BENCH)),,$(EMULATOR)/.stamp) $(if $(filter export,$(BENCH)),$(MOVERS)/.stamp) $(if $(filter upload,$(BENCH)),$(PEERS)/.stamp) $(if $(filter scrub export,$(BENCH)),,release) ## one benchmark, last line JSON: BENCH=scale|cold|scrub|export|upload, ROWS=100000,1000000, LABELLED=folder
	$(if $(filter scrub export,$(BENCH)),,cargo build --release --locked -p hello)
	cargo build --release --bins --locked $(if $(filter scrub,$(BENCH)),,-p sandbox) -p zion
	$(TARGETS)/release/zion bench $(BENCH) $(if $(ROWS),--rows $(ROWS)) $(if $(LABELLED),--labelled $(LABELLED))

# Two cores, a debug build: what takes time is the network and the provider, not the handlers.
campaign: ## seeded faults over upload and status, last line JSON: RUNS=1000 SEED=1, WITHOUT=search|lease|sweep to see it find a missing guard
	cargo build --locked -p zion
	$(TARGETS)/debug/zion campaign $(if $(RUNS),--runs $(RUNS)) $(if $(SEED),--seed $(SEED)) $(if $(WITHOUT),--without $(WITHOUT))

# What `make test` cannot have on every machine: a browser. Debian's package is called chromium.
look: $(LOOK)/.stamp ## opens the report of a hostile dataset and the approval's page in a browser, and writes pictures: CHROMIUM=/usr/bin/chromium
	cargo test --quiet --locked -p tests --lib -- peers::report hostile_facts
	@$(LOOK)/bin/python -B tests/peers/look.py $(or $(REPORT),target/report/report.html) target/approval $(or $(CHROMIUM),$$(command -v chromium))

score: ## scores labelled sets, as Markdown tables: LABELLED=../shared/pii SETS='dev/wnut17 …' JSON=file INTO=shared/pii/README.md
	cargo build --release --locked -p pii --example spans
	@$(PYTHON) tests/score/score.py $(or $(LABELLED),../shared/pii) --spans $(TARGETS)/release/examples/spans \
	  $(if $(FLOORS),--write-floors,--floors) tests/score/floors.toml $(SETS:%=--set %) $(if $(JSON),--json $(JSON)) \
	  $(if $(INTO),| $(PYTHON) tests/score/paste.py $(INTO) scores)

kinds: ## writes the table of kinds into shared/pii/README.md, from the recognisers and their cases
	@cargo run --quiet --locked -p zion -- scrub --list-kinds | $(PYTHON) tests/score/paste.py shared/pii/README.md kinds

# libFuzzer's instrumentation works with a stable compiler; only the sanitizers, which watch `unsafe` code, do not.
fuzz = CARGO_TARGET_DIR=$(abspath $(TARGETS))/fuzz $(FUZZ) fuzz
FUZZ_WITH := --fuzz-dir fuzz --sanitizer none
FUZZ_TEXTS := -dict=fuzz/words.dict -max_len=1024 -timeout=10

fuzz: $(FUZZ) ## looks for a text that breaks a promise of the scrubber: TARGET=find|rewrite|twice|spans TIME=600
	@mkdir -p .local/fuzz/$(or $(TARGET),find)
	$(fuzz) run $(FUZZ_WITH) $(or $(TARGET),find) .local/fuzz/$(or $(TARGET),find) fuzz/seeds -- $(FUZZ_TEXTS) -max_total_time=$(or $(TIME),600)

clean-local: ## removes what was installed and what runs left behind (.local, not target)
	rm -rf .local

# ---------------------------------------------------------------- what is installed, once
define venv
	rm -rf $(@D)
	$(PYTHON) -m venv $(@D) || { echo "Python's venv module is missing; on Debian: apt-get install python3-venv" >&2; exit 1; }
	$(@D)/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@
endef

$(EMULATOR)/.stamp: infra/local/requirements.txt infra/local/constraints.txt
	$(venv)
$(CHECK)/.stamp: infra/local/requirements-check.txt infra/local/constraints-check.txt
	$(venv)
$(POLICY)/.stamp: infra/local/requirements-policy.txt infra/local/constraints-policy.txt
	$(venv)
$(PEERS)/.stamp: infra/local/requirements-peers.txt infra/local/constraints-peers.txt
	$(venv)
$(BEDROCK)/.stamp: infra/local/requirements-bedrock.txt infra/local/constraints-bedrock.txt
	$(venv)
$(LOOK)/.stamp: infra/local/requirements-look.txt infra/local/constraints-look.txt
	$(venv)
$(MOVERS)/.stamp: infra/local/requirements-movers.txt infra/local/constraints-movers.txt
	$(venv)

$(NODE)/.stamp: infra/local/package.json infra/local/package-lock.json
	mkdir -p $(@D) && cp infra/local/package*.json $(@D)
	npm ci --prefix $(@D) --no-audit --no-fund --loglevel=error
	touch $@

# The tools without a package that carries their binary: a minute or two, once.
$(MACHETE): ; cargo install --quiet --locked --root .local/cargo cargo-machete --version $(MACHETE_VERSION)
$(FUZZ): ; cargo install --quiet --locked --root .local/cargo cargo-fuzz --version $(FUZZ_VERSION)

pins: ## after a change of a requirements file: writes its constraints anew
	@for name in "" -check -policy -peers -bedrock -look -movers; do \
	  env=.local/pins; rm -rf $$env; $(PYTHON) -m venv $$env; \
	  grep -v '^-c ' infra/local/requirements$$name.txt > .local/pins.txt; \
	  $$env/bin/pip install --quiet --disable-pip-version-check -r .local/pins.txt; \
	  { echo "# What requirements$$name.txt resolved to. Written by: make pins"; \
	    $$env/bin/pip freeze --exclude pip --exclude setuptools --exclude wheel; } > infra/local/constraints$$name.txt; \
	  rm -rf $$env .local/pins.txt; \
	done
