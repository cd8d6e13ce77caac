# `make` alone lists what there is. Everything works on a fresh Debian 12 with Go, make and a network; see CONTRIBUTING.md.

GO ?= go
OTP := integration/otp.sh
UNIT = $$($(GO) list ./... | grep -v '^gonode/integration')

# Tests and checks do not need to know the commit, and git may not want to tell root. `make build` does.
export GOFLAGS := -buildvcs=false $(GOFLAGS)

.DEFAULT_GOAL := help
.PHONY: help build demo test unit integration lint fuzz bench convergence microbench otp kubernetes cc iproute systemd image compose clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

build: export GOFLAGS := -buildvcs=auto
build: ## Build the command: bin/gonode
	$(GO) build -trimpath -o bin/gonode ./cmd/gonode

demo: ## Two Erlang nodes and a Go node: joining, leaving, kill -9 and the return, in some seconds
	@$(OTP) 27
	$(GO) run ./integration/demo

test: unit integration compose ## All tests: unit with the race detector, then against real Erlang of four releases, then in containers

unit: cc ## The tests that need no Erlang, with the race detector
	$(GO) test -race -timeout 10m $(UNIT)

integration: otp kubernetes cc iproute systemd ## The tests against real Erlang nodes and a real Kubernetes API, with the race detector; sets both up first
	$(GO) test -race -count=1 -p 1 -parallel 4 -timeout 20m $$($(GO) list ./integration/... | grep -v '^gonode/integration/compose$$')

lint: ## gofmt, vet, staticcheck, go.mod, the rules of the house, and a build for each system
	@bad=$$(gofmt -l .); [ -z "$$bad" ] || { echo "gofmt these:"; echo "$$bad"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) mod tidy -diff
	$(GO) test -count=1 ./internal/house
	@for target in linux/amd64 linux/arm64 darwin/arm64 windows/amd64; do \
		echo "build $$target"; CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} $(GO) build ./... || exit 1; \
	done

FUZZTIME ?= 10s
fuzz: ## Every fuzz target for FUZZTIME (10s)
	@for pkg in $(UNIT); do \
		for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
		done; \
	done

bench: otp cc ## A Go node beside a BEAM and a C node, and the codec beside Erlang's, as ratios; see docs/performance.md
	$(GO) run ./bench

convergence: otp ## 50 Go nodes and 4 BEAMs that find each other by gossip: time, memory, what they cost when idle
	$(GO) run ./bench/convergence
	$(GO) run ./bench/convergence -strategies -beams 0

microbench: ## The benchmarks of the packages, with allocations
	$(GO) test -run '^$$' -bench . -benchmem $(UNIT)

otp: ## Set up Erlang/OTP 23, 25, 27 and 29 in $GONODE_OTP or the user's cache folder
	@$(OTP)

kubernetes: ## Build kube-apiserver and etcd, once, in $GONODE_KUBERNETES or the user's cache folder; some minutes
	@GO="$(GO)" integration/kubernetes/build.sh

cc: ## Install the C compiler that the race detector needs, if there is none
	@command -v gcc > /dev/null || command -v clang > /dev/null || { \
		[ "$$(id -u)" = 0 ] || { echo "the race detector needs gcc: apt-get install gcc libc6-dev"; exit 1; }; \
		apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends gcc libc6-dev; }

iproute: ## Install iproute2, with which the tests of gossip make hosts of their own, if it is not there
	@command -v ip > /dev/null || { \
		[ "$$(id -u)" = 0 ] || { echo "network namespaces need ip: apt-get install iproute2"; exit 1; }; \
		apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends iproute2; }

systemd: ## Install systemd for systemd-analyze, with which the unit in deploy is tested, if it is not there
	@command -v systemd-analyze > /dev/null || { \
		[ "$$(id -u)" = 0 ] || { echo "the unit is checked by systemd-analyze: apt-get install systemd"; exit 1; }; \
		apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends systemd; }

image: ## Build the container image gonode: a static binary on scratch
	@GO="$(GO)" integration/images.sh gonode

compose: ## The mixed cluster in containers and the image, tested where there is a Docker engine with Compose
	@GO="$(GO)" integration/compose.sh

clean: ## Remove what make build made; not the caches
	rm -rf bin
