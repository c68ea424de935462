# Headgate. "make" lists what can be made.

# The toolchain that go.mod names is fetched by go itself, whatever the machine's own setting is.
export GOTOOLCHAIN := $(if $(filter-out local,$(GOTOOLCHAIN)),$(GOTOOLCHAIN),auto)

# The last tag, or before there is one the version to come with the commit.
VERSION := $(shell git describe --tags --dirty 2>/dev/null || echo 0.1.0-$$(git describe --always --dirty 2>/dev/null || echo unknown))
BUILT   := $(shell git log -1 --format=%cI 2>/dev/null || echo unknown)
LINTER  := bin/golangci-lint
LINTER_VERSION := v2.15.0

PKG   ?= ./...
RUN   ?= .
CONF  ?=
T     ?= 60s
BENCH ?= .
ARGS  ?=

.DEFAULT_GOAL := help
.PHONY: help build run test race lint check script diff golden fuzz soak bench bench-micro pgo docs peers clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## bin/headgate, static, with its version
	@mkdir -p bin
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION) -X main.built=$(BUILT)" -o bin/headgate ./cmd/headgate

run: build ## build, then run the demo, or CONF=file in the foreground
	@if [ -n "$(CONF)" ]; then exec bin/headgate -f "$(CONF)" -X; else exec bin/headgate demo; fi

test: ## all tests; needs only Go. PKG=./internal/wire/... for some, PEERS=required to fail without peers
	scripts/go-test $(PKG)

race: ## all tests under the race detector
	HEADGATE_RACE=1 scripts/go-test -race $(PKG)

lint: $(LINTER) ## gofmt, vet, golangci-lint and the rules of the house
	@unformatted=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
	if [ -n "$$unformatted" ]; then echo "gofmt these files:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	$(LINTER) run ./...
	go test ./internal/lint

check: lint test ## what a change must pass before it is shown
	go build ./...

script: ## the scripts, RUN=name for one with its transcript, SCRIPT_MODES=, SCRIPT_ENGINES=
	scripts/go-test -count=1 $(if $(filter-out .,$(RUN)),-v) ./test/script -run 'TestScript/$(RUN)'

diff: ## httpd and headgate side by side, live; the record of httpd must still be true. RUN=group for one
	scripts/go-test -count=1 ./test/diff -live -run '(TestHttpd|TestDiff|TestKnown|TestRecord)/$(RUN)'

golden: ## write goldens and the record of httpd anew; the diff is the review
	go test -count=1 ./test/diff -live -record -run TestHttpd
	@for pkg in $$(git grep -lE --untracked 'flag\.Bool\("update"' -- '*_test.go' | xargs -r -n1 dirname | sort -u); do \
		go test -count=1 "./$$pkg" -update || exit 1; \
	done

fuzz: ## every fuzz target for T each (T=60s), PKG=./internal/wire for one package
	@for pkg in $$(go list $(PKG)); do \
		for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "$$pkg $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(T) $$pkg || exit 1; \
		done; \
	done

# Go adds up what stands in a duration: the load, what comes after it, and room.
soak: T = 10m
soak: ## mixed load with reloads and dying backends for T (T=10m); SCRIPT_ENGINES=
	scripts/go-test -count=1 -v -timeout $(T)$(T)5m -run Soak ./test/soak -time $(T)

bench: ## headgate beside its peers, ratios; ARGS="-quick", ARGS="-tests keepalive" (docs/performance.md)
	go run ./bench $(ARGS)

bench-micro: ## micro benches, BENCH=name for some
	go test -run '^$$' -bench '$(BENCH)' -benchmem $(PKG)

pgo: ## profile the hot path anew for the compiler (cmd/headgate/default.pgo, read by every build)
	@mkdir -p bin
	go test -trimpath -run '^$$' -bench 'BenchmarkServer$$' -benchtime 5s -cpuprofile $(CURDIR)/bin/server.prof -o /tmp/headgate.test ./test/hotpath
	go test -trimpath -run '^$$' -bench 'BenchmarkProxiedGet$$' -benchtime 8s -cpuprofile $(CURDIR)/bin/get.prof -o /tmp/headgate.test ./test/hotpath
	go tool pprof -proto bin/server.prof bin/get.prof > cmd/headgate/default.pgo
	@rm -f /tmp/headgate.test

docs: ## write the generated pages of docs/
	go run ./internal/docgen

peers: ## install httpd, nginx, haproxy, caddy, logrotate and the load tools (Debian, root)
	scripts/install-peers

clean: ## remove bin/
	rm -rf bin

# Built by the toolchain of go.mod: a linter reads what that compiler writes.
$(LINTER): Makefile
	@mkdir -p bin
	GOTOOLCHAIN=$$(go env GOVERSION) GOBIN=$(CURDIR)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINTER_VERSION)
	@touch $(LINTER)
