# Every command here sets up what it needs; the work itself is in .ci/.
SHELL := /bin/bash

# Outside the checkout, so that it survives a fresh clone.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/fuldmagt/target
# Where rustup puts cargo, for shells that were opened before.
export PATH := $(PATH):$(HOME)/.cargo/bin

FULDMAGT := $(CARGO_TARGET_DIR)/debug/fuldmagt
# --workspace everywhere: with -p, cargo would choose other features for some dependencies and build them twice.
BUILD := cargo build --workspace --locked --bin fuldmagt

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-clean run test soak lint bench proto sqlx-prepare

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{ printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what this machine lacks (build, test and lint)
	@.ci/setup all

demo: ## The whole story over gRPC on a private Postgres: give, request, company, paper, register
	@.ci/setup build
	$(BUILD)
	@"$(FULDMAGT)" demo

demo-clean: ## Remove the data that `make demo` keeps
	@.ci/setup build
	$(BUILD)
	@"$(FULDMAGT)" demo --clean

run: ## Start the service on loopback without TLS, and print how to call it
	@.ci/setup build
	$(BUILD)
	@"$(FULDMAGT)" serve --dev-plaintext

test: ## Run every test (ARGS="..." narrows them, as for cargo test)
	@.ci/setup test
	@.ci/test $(ARGS)

soak: ## Thousands of rounds of every race, and of cases of the model (an hour or more)
	@.ci/setup test
	@FULDMAGT_RACE_ROUNDS=$${FULDMAGT_RACE_ROUNDS:-3000} FULDMAGT_MODEL_CASES=$${FULDMAGT_MODEL_CASES:-3000} \
		.ci/test --test e2e -- races at_once model

lint: ## Format, clippy and the API definition
	@.ci/setup lint
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	@.ci/buf lint proto || test $$? -eq 99

bench: ## Measure Check against an empty call and pgbench (ARGS=cpr: an import of the CPR register against COPY)
	@.ci/setup build
	@.ci/bench $(ARGS)

proto: ## Regenerate the Rust code of the API from proto/
	@.ci/setup build
	FULDMAGT_REGENERATE=1 cargo test --workspace --locked --test generated

sqlx-prepare: ## Renew the offline data that the SQL is checked against
	@.ci/setup build
	@.ci/sqlx-prepare
