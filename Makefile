# make run     builds Triward and starts the demonstration
# make test    runs every test; what needs a service that is not here is skipped, and named at the end
# make check   format, vet, lint, dependencies, cross build, architecture
# make bench   prints one table of figures
# make fuzz    fuzzes every target for FUZZTIME each
# make dist    builds the release files

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

export CGO_ENABLED := 0

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT  ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
# The date of the commit, so that the same commit gives the same bytes.
DATE    ?= $(shell git show -s --format=%cI HEAD 2>/dev/null || echo unknown)

PLATFORMS ?= linux/amd64 linux/arm64
FUZZTIME  ?= 30s
GOLANGCI  := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.14.0

cli     := triward/internal/cli
ldflags := -s -w -X $(cli).buildVersion=$(VERSION) -X $(cli).buildCommit=$(COMMIT) -X $(cli).buildDate=$(DATE)
build   := go build -trimpath -buildvcs=false -ldflags '$(ldflags)'

.PHONY: build run test check format vet lint tidy cross arch bench fuzz dist clean

build:
	@$(build) -o bin/triward ./cmd/triward

run: build
	./bin/triward serve --demo --data data/demo

# The tests speak in full to the summary, which prints each package, what failed with its words, and what was skipped.
test:
	@go test -v -timeout 20m $(TESTFLAGS) ./... 2>&1 | awk -f .ci/summary.awk

check: format vet lint tidy cross arch

format:
	@wrong=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$wrong" ]; then echo "not formatted:"; echo "$$wrong"; exit 1; fi
	@echo "format: ok"

vet:
	@go vet ./...
	@echo "vet: ok"

lint:
	@go run $(GOLANGCI) run ./...

tidy:
	@go mod tidy -diff
	@go mod verify

cross:
	@for p in $(PLATFORMS); do GOOS=$${p%/*} GOARCH=$${p#*/} $(build) -o /dev/null ./cmd/triward && echo "build $$p: ok"; done

# Imports, SQL, sizes, names, dependencies and their licences.
arch:
	@go test -count=1 ./internal/arch

bench:
	@go run ./bench

fuzz:
	@.ci/fuzz $(FUZZTIME)

dist:
	@rm -rf dist && mkdir dist
	@for p in $(PLATFORMS); do GOOS=$${p%/*} GOARCH=$${p#*/} $(build) -o dist/triward-$(VERSION)-$${p%/*}-$${p#*/} ./cmd/triward; done
	@cp LICENSE README.md dist/
	@cd dist && sha256sum * > SHA256SUMS && cat SHA256SUMS

clean:
	@rm -rf bin dist
