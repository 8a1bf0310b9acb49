# The commands of this repository; the work itself is in scripts/ and e2e/. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help demo demo-down test build plugin unit structure chart tools contract e2e images plot format clean
SHELL := /bin/bash

# make demo CLUSTER=current: the cluster that KUBECONFIG names, instead of a local one.
CLUSTER ?= local

help: ## List the targets
	@echo "make TARGET, one of:"
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '  %-11s %s\n' "$$name" "$$text"; done

demo: ## A fleet of three tiers on a local Kubernetes, and a table of real requests; with CLUSTER=current on the cluster of KUBECONFIG
	@scripts/install-packages $(if $(filter current,$(CLUSTER)),client,cluster)
	@e2e/demo/demo up --cluster $(CLUSTER)

demo-down: ## Stop what `make demo` started
	@e2e/demo/demo down --cluster $(CLUSTER)

test: ## Everything that decides whether a change is good; ends with "N passed, N failed"
	@scripts/test

build: ## Compile with warnings as errors, ASan and UBSan, into build/dev
	@scripts/step packages 20m scripts/install-packages build
	@scripts/step build 45m scripts/build dev

# Where `make plugin` installs: its bin folder should be in PATH.
PREFIX ?= /usr/local

plugin: ## kubectl-ingressfleet and its completion, optimized, into PREFIX/bin (default /usr/local)
	@scripts/step packages 20m scripts/install-packages build
	@scripts/step plugin 45m scripts/build release kubectl-ingressfleet
	@cmake --install build/release --component plugin --prefix "$(PREFIX)" --strip

unit: build ## Unit, golden and property tests of the C++ code
	@scripts/step unit 15m scripts/suite unit

structure: ## Rules about the files of this repository: layers, registries, links, versions
	@scripts/step packages 20m scripts/install-packages test
	@scripts/step structure 5m scripts/suite structure

chart: ## The Helm chart: lint, rendered goldens, refused values, rights
	@scripts/step packages 20m scripts/install-packages test cluster
	@scripts/step chart 20m scripts/suite chart

tools: ## The tests' own tools: local cluster, sample application, load client, demo
	@scripts/step packages 20m scripts/install-packages test cluster
	@scripts/step tools 10m scripts/suite tools

contract: build ## Client, CRD and chart against a real API server without nodes, the agent against a real HAProxy
	@scripts/step packages 20m scripts/install-packages test cluster
	@scripts/step contract 50m scripts/suite contract

e2e: ## Scenarios with packets on a local cluster
	@scripts/step packages 20m scripts/install-packages test cluster
	@scripts/step e2e 90m scripts/suite e2e

images: ## Build the operator's and the proxy's image
	@scripts/step packages 20m scripts/install-packages cluster
	@scripts/step images 45m scripts/build-images

plot: ## Draw the pictures of the docs from the last run of the e2e scenarios
	@scripts/step packages 20m scripts/install-packages plot
	@scripts/step plot 2m scripts/plot-upgrade

format: ## Format the C++ code
	@scripts/step packages 20m scripts/install-packages format
	@scripts/step format 2m scripts/format

clean: ## Remove what was built here; the cache outside the checkout stays
	@scripts/step clean 2m rm -rf build
