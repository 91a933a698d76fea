package arch

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// reasons are the modules that are linked into triward or used directly by its tests, each with why. A module that is
// only another one's need says whose.
var reasons = map[string]string{
	"cel.dev/cel-go":                                    "conditions of evidence: typed, bounded, the same every time",
	"cel.dev/expr":                                      "cel-go",
	"github.com/antlr4-go/antlr/v4":                     "cel-go",
	"golang.org/x/exp":                                  "antlr",
	"google.golang.org/genproto/googleapis/api":         "cel-go",
	"google.golang.org/genproto/googleapis/rpc":         "cel-go",
	"deps.dev/util/semver":                              "order of versions in npm, PyPI, Maven, NuGet, RubyGems, Cargo and Go",
	"filippo.io/age":                                    "evidence encrypted at rest, in a stream",
	"filippo.io/hpke":                                   "age",
	"github.com/BurntSushi/toml":                        "configuration file",
	"github.com/CycloneDX/cyclonedx-go":                 "CycloneDX documents",
	"github.com/ProtonMail/go-crypto":                   "OpenPGP signatures of CSAF providers",
	"github.com/anchore/go-struct-converter":            "spdx/tools-golang",
	"codeberg.org/go-pdf/fpdf":                          "plain PDF where there is no browser",
	"github.com/boombuler/barcode":                      "QR codes; pquerna/otp",
	"github.com/cespare/xxhash/v2":                      "hashing of candidate keys",
	"github.com/chromedp/cdproto":                       "chromedp",
	"github.com/chromedp/chromedp":                      "PDF renditions; tests in a real browser",
	"github.com/cloudflare/circl":                       "ProtonMail/go-crypto",
	"github.com/danielgtaylor/huma/v2":                  "OpenAPI 3.1 from Go types, RFC 9457 problems",
	"github.com/dustin/go-humanize":                     "modernc.org/sqlite, minio-go",
	"github.com/go-json-experiment/json":                "chromedp",
	"github.com/gobwas/httphead":                        "chromedp",
	"github.com/gobwas/pool":                            "chromedp",
	"github.com/gobwas/ws":                              "chromedp",
	"github.com/chromedp/sysutil":                       "chromedp",
	"github.com/gocsaf/csaf/v3":                         "CSAF provider metadata and ROLIE feeds",
	"github.com/google/go-cmp":                          "tests: differences",
	"github.com/google/safehtml":                        "tests: templatecheck",
	"github.com/google/uuid":                            "UUIDv7 identifiers",
	"github.com/in-toto/attestation":                    "openvex/go-vex",
	"github.com/inconshreveable/mousetrap":              "cobra on Windows",
	"github.com/jackc/pgpassfile":                       "pgx",
	"github.com/jackc/pgservicefile":                    "pgx",
	"github.com/jackc/pgx/v5":                           "PostgreSQL",
	"github.com/jackc/puddle/v2":                        "pgx",
	"github.com/jba/templatecheck":                      "tests: templates against their types",
	"github.com/klauspost/compress":                     "zstd; faster zip and gzip",
	"github.com/klauspost/cpuid/v2":                     "minio-go, xxh3",
	"github.com/klauspost/crc32":                        "minio-go",
	"github.com/knqyf263/go-apk-version":                "order of Alpine package versions",
	"github.com/knqyf263/go-deb-version":                "order of Debian package versions",
	"github.com/knqyf263/go-rpm-version":                "order of RPM package versions",
	"github.com/mattn/go-isatty":                        "colour only on a terminal; modernc.org/libc",
	"github.com/minio/crc64nvme":                        "minio-go",
	"github.com/minio/md5-simd":                         "minio-go",
	"github.com/minio/minio-go/v7":                      "blobs in S3",
	"github.com/ncruces/go-strftime":                    "modernc.org/libc",
	"github.com/openvex/go-vex":                         "OpenVEX documents",
	"github.com/parquet-go/parquet-go":                  "segments of the event log, open to DuckDB, ClickHouse and others",
	"github.com/parquet-go/bitpack":                     "parquet-go",
	"github.com/parquet-go/jsonlite":                    "parquet-go",
	"github.com/twpayne/go-geom":                        "parquet-go",
	"github.com/pierrec/lz4/v4":                         "parquet-go: a codec of the format",
	"github.com/andybalholm/brotli":                     "parquet-go: a codec of the format",
	"github.com/ClickHouse/clickhouse-go/v2":            "events in ClickHouse",
	"github.com/ClickHouse/ch-go":                       "clickhouse-go",
	"github.com/go-faster/city":                         "clickhouse-go",
	"github.com/go-faster/errors":                       "clickhouse-go",
	"github.com/paulmach/orb":                           "clickhouse-go",
	"github.com/segmentio/asm":                          "clickhouse-go",
	"go.opentelemetry.io/otel":                          "clickhouse-go: spans in a context; zitadel/oidc in tests",
	"go.opentelemetry.io/otel/trace":                    "otel",
	"go.opentelemetry.io/otel/log":                      "otel",
	"github.com/package-url/packageurl-go":              "package URLs; go-vex",
	"github.com/pandatix/go-cvss":                       "CVSS 2.0, 3.x and 4.0 vectors",
	"github.com/pdfcpu/pdfcpu":                          "tests: another reader of sealed PDF files",
	"github.com/philhofer/fwd":                          "tinylib/msgp",
	"github.com/pquerna/otp":                            "TOTP codes (RFC 6238)",
	"github.com/remyoudompheng/bigfft":                  "modernc.org/mathutil",
	"github.com/rogpeppe/go-internal":                   "tests: testscript",
	"github.com/rs/xid":                                 "minio-go",
	"github.com/santhosh-tekuri/jsonschema/v6":          "front matter of documents; gocsaf",
	"github.com/shopspring/decimal":                     "gocsaf (gval)",
	"github.com/Intevation/gval":                        "gocsaf",
	"github.com/Intevation/jsonpath":                    "gocsaf",
	"github.com/spdx/tools-golang":                      "SPDX documents",
	"github.com/spf13/cobra":                            "command line",
	"github.com/spf13/pflag":                            "cobra",
	"github.com/tinylib/msgp":                           "minio-go",
	"github.com/transparency-dev/formats":               "C2SP checkpoints",
	"github.com/transparency-dev/merkle":                "RFC 6962 trees and proofs",
	"github.com/valyala/fastjson":                       "large feeds without a map per object",
	"github.com/zeebo/xxh3":                             "minio-go",
	"go.etcd.io/bbolt":                                  "gocsaf",
	"go.yaml.in/yaml/v3":                                "embedded clauses and rules; minio-go, cobra",
	"golang.org/x/crypto":                               "argon2id, SSH to what connectors drive; minio-go, pgx, go-crypto",
	"golang.org/x/image":                                "letters of the plain PDF",
	"golang.org/x/mod":                                  "C2SP signed notes",
	"golang.org/x/net":                                  "HTTP internals of minio-go; HTML",
	"golang.org/x/sync":                                 "errgroup; pgx",
	"golang.org/x/sys":                                  "operating system",
	"golang.org/x/text":                                 "normal forms and encodings; pgx, net",
	"golang.org/x/time":                                 "rate limits; gocsaf",
	"golang.org/x/tools":                                "tests: templatecheck, testscript",
	"google.golang.org/protobuf":                        "in-toto/attestation",
	"gopkg.in/ini.v1":                                   "minio-go",
	"gopkg.in/yaml.v3":                                  "spdx/tools-golang",
	"modernc.org/libc":                                  "modernc.org/sqlite",
	"modernc.org/mathutil":                              "modernc.org/sqlite",
	"modernc.org/memory":                                "modernc.org/sqlite",
	"modernc.org/sqlite":                                "embedded database, without cgo",
	"sigs.k8s.io/yaml":                                  "spdx/tools-golang",
	"github.com/yuin/goldmark":                          "Markdown",
	"github.com/aymerick/douceur":                       "bluemonday",
	"github.com/gorilla/css":                            "bluemonday",
	"github.com/aymanbagabas/go-udiff":                  "differences between two texts",
	"github.com/microcosm-cc/bluemonday":                "HTML of others made harmless",
	"github.com/coreos/go-oidc/v3":                      "sign-in with an identity provider",
	"golang.org/x/oauth2":                               "go-oidc",
	"github.com/go-webauthn/webauthn":                   "security keys",
	"github.com/zitadel/oidc/v3":                        "tests: a real identity provider",
	"github.com/go-jose/go-jose/v4":                     "go-oidc",
	"github.com/go-webauthn/x":                          "go-webauthn/webauthn",
	"github.com/go-viper/mapstructure/v2":               "go-webauthn/webauthn",
	"github.com/golang-jwt/jwt/v5":                      "go-webauthn/webauthn",
	"github.com/google/go-tpm":                          "go-webauthn/webauthn",
	"github.com/fxamacker/cbor/v2":                      "go-webauthn/webauthn; tests: a security key in software",
	"github.com/x448/float16":                           "fxamacker/cbor",
	"github.com/secure-systems-lab/go-securesystemslib": "DSSE envelopes; go-vex",
	"github.com/digitorus/pkcs7":                        "signatures of time stamps and sealed PDF files",
	"github.com/digitorus/timestamp":                    "RFC 3161 time stamps",
	"github.com/nats-io/nats-server/v2":                 "durable stream in this process (JetStream)",
	"github.com/nats-io/nats.go":                        "durable stream: its client",
	"github.com/nats-io/nkeys":                          "nats-server, nats.go",
	"github.com/nats-io/nuid":                           "nats-server, nats.go",
	"github.com/nats-io/jwt/v2":                         "nats-server",
	"github.com/minio/highwayhash":                      "nats-server",
	"github.com/antithesishq/antithesis-sdk-go":         "nats-server (its no-op form)",
	"github.com/gowebpki/jcs":                           "canonical JSON (RFC 8785)",
}

// allowed are the licences of linked code. A copyleft that reaches the whole program is not among them. SQLite is in the
// public domain.
var allowed = []string{"Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MPL-2.0", "public domain"}

// notCode are licence files of what is not linked: documentation and pictures.
var notCode = regexp.MustCompile(`(?i)3rd|\.docs$|-logo$`)

type goModule struct {
	Path     string
	Version  string
	Dir      string
	Indirect bool
	Main     bool
	Replace  *goModule
}

func goList(t *testing.T, args ...string) []byte {
	t.Helper()
	c := exec.Command("go", append([]string{"list"}, args...)...)
	c.Dir = root(t)
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly")
	var problems bytes.Buffer
	c.Stderr = &problems
	out, err := c.Output()
	if err != nil {
		t.Fatalf("go list %v: %v\n%s", args, err, problems.Bytes())
	}
	return out
}

// linked are the modules whose packages are in the program.
func linked(t *testing.T) map[string]goModule {
	t.Helper()
	out := map[string]goModule{}
	d := json.NewDecoder(bytes.NewReader(goList(t, "-deps", "-json=ImportPath,Module,CgoFiles,Standard", "./cmd/triward")))
	for {
		var p struct {
			ImportPath string
			Module     *goModule
			CgoFiles   []string
			Standard   bool
		}
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(p.CgoFiles) > 0 {
			t.Errorf("%s needs cgo", p.ImportPath)
		}
		if p.Module != nil && !p.Module.Main {
			out[p.Module.Path] = *p.Module
		}
	}
}

// required are the modules of go.mod, and whether each is there only for another one.
func required(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	line := regexp.MustCompile(`^(?:require )?\s*([\w./~-]+\.[\w./~-]+) v\S+( // indirect)?$`)
	s := bufio.NewScanner(bytes.NewReader(text))
	for s.Scan() {
		if m := line.FindStringSubmatch(s.Text()); m != nil {
			out[m[1]] = m[2] != ""
		}
		if strings.HasPrefix(s.Text(), "replace ") {
			t.Errorf("go.mod replaces a module: %s", s.Text())
		}
	}
	return out
}

func TestEachDependencyHasAReason(t *testing.T) {
	in := linked(t)
	for path, indirect := range required(t) {
		if _, ok := in[path]; (ok || !indirect) && reasons[path] == "" {
			t.Errorf("%s is linked or used by tests without a reason in the table", path)
		}
	}
	for path := range in {
		if reasons[path] == "" {
			t.Errorf("%s is linked without a reason in the table", path)
		}
	}
}

func TestLicencesOfDependencies(t *testing.T) {
	for path, m := range linked(t) {
		if m.Dir == "" {
			t.Errorf("%s is not in the module cache", path)
			continue
		}
		found := licences(t, m.Dir)
		if len(found) == 0 {
			t.Errorf("%s has no licence that is recognised", path)
		}
		for _, l := range found {
			if !slices.Contains(allowed, l) {
				t.Errorf("%s is under %s", path, l)
			}
		}
	}
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense)([-._].*)?$`)

func licences(t *testing.T, dir string) []string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range files {
		if f.IsDir() || !licenceFile.MatchString(f.Name()) || notCode.MatchString(f.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, recognise(string(text)))
	}
	return out
}

// recognise names a licence by sentences that only it has. The order matters: texts quote each other.
func recognise(text string) string {
	text = strings.Join(strings.Fields(strings.ToLower(text)), " ")
	has := func(parts ...string) bool {
		return !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(text, p) })
	}
	switch {
	case has("at your option", "* apache license, version 2.0 (apache-2.0), or *"):
		return "Apache-2.0" // the option that Triward takes
	case has("mozilla public license") && has("2.0") && has("covered software"):
		return "MPL-2.0"
	case has("gnu affero general public license"):
		return "AGPL"
	case has("gnu lesser general public license"):
		return "LGPL"
	case has("gnu general public license"):
		return "GPL"
	case has("apache license", "version 2.0"):
		return "Apache-2.0"
	case has("redistribution and use in source and binary forms", "neither the name"), has("redistribution and use in source and binary forms", "may not be used to endorse"), has("redistribution and use in source and binary forms", "may be used to endorse"):
		return "BSD-3-Clause"
	case has("redistribution and use in source and binary forms"):
		return "BSD-2-Clause"
	case has("permission is hereby granted, free of charge", "without restriction"):
		return "MIT"
	case has("permission to use, copy, modify, and", "distribute this software for any purpose"):
		return "ISC"
	case has("this is free and unencumbered software released into the public domain"), has("blessing"), has("public domain"):
		return "public domain"
	}
	return "an unknown licence"
}

func TestLicenceOfTriward(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root(t), "LICENSE"))
	if err != nil {
		t.Fatal(err)
	}
	if got := recognise(string(text)); got != "Apache-2.0" {
		t.Errorf("LICENSE is %s", got)
	}
}

// tracked are the text files of the repository: what git tracks, or every file where there is no git.
func tracked(t *testing.T) []string {
	t.Helper()
	base := root(t)
	c := exec.Command("git", "ls-files", "-z")
	c.Dir = base
	out, err := c.Output()
	if err != nil {
		t.Skipf("not a git repository: %v", err)
	}
	return strings.Split(strings.TrimRight(string(out), "\x00"), "\x00")
}

// What is tracked builds anywhere: it names no machine's folders and no place that modules come from.
func TestTrackedFilesNameNoMachine(t *testing.T) {
	// Written in parts, so that this file does not name them either.
	machine := regexp.MustCompile(strings.Join([]string{"/" + "work/", "/" + "root/", "/" + `home/\w+/`, "/" + `Users/\w+/`}, "|"))
	registry := regexp.MustCompile(strings.Join([]string{"proxy" + `\.golang\.org`, "registry" + `\.npmjs\.org`, "artifact" + `ory`, "GO" + "PROXY",
		"pypi" + `\.org/simple`}, "|"))
	for _, name := range tracked(t) {
		text, err := os.ReadFile(filepath.Join(root(t), name))
		if err != nil {
			if !errors.Is(err, os.ErrNotExist) {
				t.Error(err)
			}
			continue
		}
		if bytes.IndexByte(text[:min(len(text), 8000)], 0) >= 0 || strings.HasPrefix(name, "internal/web/static/") {
			continue
		}
		for i, line := range strings.Split(string(text), "\n") {
			m := machine.FindString(line)
			if m == "" && !strings.HasSuffix(name, ".go") { // in the code, a package URL may name its registry
				m = registry.FindString(line)
			}
			if m != "" {
				t.Errorf("%s:%d names %s", name, i+1, m)
			}
		}
	}
}

func TestRecognise(t *testing.T) {
	for want, text := range map[string]string{
		"Apache-2.0":         "Apache License\n   Version 2.0, January 2004",
		"MIT":                "Permission is hereby granted, free of charge, to any person obtaining a copy, to deal in the Software without restriction",
		"BSD-3-Clause":       "Redistribution and use in source and binary forms, with or\nwithout modification … Neither the name of",
		"BSD-2-Clause":       "Redistribution and use in source and binary forms are permitted",
		"ISC":                "Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee",
		"MPL-2.0":            "Mozilla Public License Version 2.0 … Covered Software … GNU General Public License",
		"GPL":                "GNU GENERAL PUBLIC LICENSE Version 3",
		"AGPL":               "GNU AFFERO GENERAL PUBLIC LICENSE Version 3 … GNU General Public License",
		"an unknown licence": "All rights reserved.",
	} {
		if got := recognise(text); got != want {
			t.Errorf("%q is recognised as %s, want %s", text, got, want)
		}
	}
}
