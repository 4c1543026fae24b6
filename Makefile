# seriald: a distributed serial allocator. `make help` lists what there is to do.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help up down status clean build test lint format model chaos bench

##@ A cluster on this machine

up: ## Install what is missing, build, start a cluster of three nodes (again: what is not running)
	@deploy/local/bootstrap.sh
	@deploy/local/build.sh
	@.build/release/serialctl dev up

down: ## Stop exactly what `make up` started; the data stays
	@deploy/local/dev.sh down

status: ## Show what of the cluster runs
	@deploy/local/dev.sh status

clean: ## Stop the cluster and remove it with its data, certificates and tokens (.serial)
	@deploy/local/dev.sh down --erase

##@ The project

build: ## Build seriald and serialctl (release)
	@deploy/local/build.sh

test: ## Everything that guards the project; .ci/run calls it
	@deploy/ci/test.sh

lint: ## Check format, rules and shell scripts
	@deploy/ci/lint.sh

format: ## Format all Swift files in place
	@deploy/ci/format.sh

model: ## Check the formal model of the protocol in full (SIZE=small: as `make test` has time for)
	@deploy/ci/model.sh $(SIZE)

chaos: ## Break it on purpose: the simulator, then real processes (SCENARIO=name for one, ARGS=...)
	@deploy/chaos/run.sh "$(SCENARIO)" $(ARGS)

bench: ## Measure beside a peer: make bench CASE=ten-million (without CASE: the list)
	@deploy/bench/run.sh $(CASE) $(ARGS)

help: ## This list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "%s\n%s\n", (n++ ? "" : "make TARGET"), substr($$0, 5) } \
	  /^[a-z]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
