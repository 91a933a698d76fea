package arch

import (
	"go/ast"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// table is the architecture: a package imports only from the lines above its own.
var table = []string{
	"problem id content",
	"pcap dicom hl7 fhir atna syslog sdc udi mds2",
	"sbom advisory vers cpe cvss ssvc sigma stix fingerprint",
	"store blob",
	"eventlog stream",
	"ledger",
	"people",
	"signature",
	"document product",
	"training procedure device",
	"vuln discovery",
	"risk detection",
	"incident disclosure",
	"assurance report",
	"api web ingest",
	"app",
	"cli",
}

// testOnly packages are imported by tests alone, and may import from everywhere.
var testOnly = []string{"testdb", "testdata", "arch"}

// mayBulk are the packages that may write derived tables past the journal, each with what it derives.
var mayBulk = map[string]string{
	"store":     "defines it; positions and leases",
	"ledger":    "nodes of the tree",
	"vuln":      "feed cache, candidate index, findings",
	"discovery": "sightings",
	"risk":      "ranked list and its counters",
	"detection": "counters of alerts",
	"eventlog":  "the list of segments, which the files themselves tell again",
	"report":    "what a person has read of the notices, exports that run",
	"device":    "search words and counters of the fleet, files that wait for their import",
	"people":    "when a session or a token was last used",
	"document":  "search words of documents",
	"assurance": "latest results of evidence queries",
	"incident":  "how the loops of incidents stand, the greatest instant that containment saw",
	"app":       "clears derived tables for a rebuild",
}

// mayUnsafe are the files that look at memory past the type system, each with its reason.
var mayUnsafe = map[string]string{
	"internal/eventlog/parquet/writer.go": "texts go to the writer of columns without a copy, 30 for each event",
}

func level(name string) int {
	return slices.IndexFunc(table, func(line string) bool { return slices.Contains(strings.Fields(line), name) })
}

func imports(s source) []string {
	var out []string
	for _, i := range s.file.Imports {
		if p, err := strconv.Unquote(i.Path.Value); err == nil {
			out = append(out, p)
		}
	}
	return out
}

func TestImportsPointDown(t *testing.T) {
	for _, s := range sources(t) {
		from := packageName(s.dir)
		if from != "" && level(from) < 0 && !slices.Contains(testOnly, from) {
			t.Errorf("%s: package %s is not in the table", s.path, from)
			continue
		}
		for _, p := range imports(s) {
			rel, ok := strings.CutPrefix(p, module+"/")
			if !ok {
				continue
			}
			if reason := refusal(s, from, rel); reason != "" {
				t.Errorf("%s imports %s: %s", s.path, p, reason)
			}
		}
	}
}

// refusal says why a file may not import a folder of this repository; "" when it may.
func refusal(s source, from, rel string) string {
	to := packageName(rel)
	switch {
	case to == from && to != "", slices.Contains(testOnly, from):
		return ""
	case slices.Contains(testOnly, to) || strings.HasSuffix(path.Base(rel), "test"):
		if s.test || strings.HasPrefix(s.dir, "bench") || strings.HasPrefix(s.dir, "e2e") || strings.HasSuffix(path.Base(s.dir), "test") {
			return ""
		}
		return "only tests may"
	case strings.HasPrefix(s.dir, "bench"), strings.HasPrefix(s.dir, "e2e"):
		return ""
	case s.dir == "apiv1":
		return "wire types import nothing of the program"
	case s.dir == "client":
		if rel == "apiv1" || rel == "client" && s.test {
			return ""
		}
		return "the client imports apiv1 only"
	case strings.HasPrefix(s.dir, "cmd/"):
		if to == "cli" {
			return ""
		}
		return "commands import cli only"
	case rel == "apiv1" || rel == "client":
		if from == "api" || from == "app" || from == "cli" {
			return ""
		}
		return "wire types are for the doors"
	case rel == "docs/guide" && from == "content":
		return "" // the manuals, as files
	case to == "" || level(to) < 0:
		return "it is not in the table"
	case level(to) > level(from):
		return "imports point down"
	case level(to) == level(from):
		return "packages of one line never import each other"
	}
	return ""
}

func TestOnlyStoreImportsTheDatabase(t *testing.T) {
	drivers := []string{"database/sql", "github.com/jackc/pgx", "modernc.org/sqlite", "github.com/mattn/go-sqlite3", "github.com/lib/pq"}
	for _, s := range sources(t) {
		if from := packageName(s.dir); from == "store" || from == "testdb" {
			continue
		}
		for _, p := range imports(s) {
			for _, d := range drivers {
				if p == d || strings.HasPrefix(p, d+"/") {
					t.Errorf("%s imports %s: only store may", s.path, p)
				}
			}
		}
	}
}

func TestNoCgoNoUnsafe(t *testing.T) {
	for _, s := range sources(t) {
		for _, p := range imports(s) {
			if p == "C" || p == "unsafe" && mayUnsafe[s.path] == "" {
				t.Errorf("%s imports %q", s.path, p)
			}
		}
	}
}

// Who calls something named Bulk, or takes a *store.Bulk, writes past the journal.
func TestOnlyListedPackagesUseBulk(t *testing.T) {
	for _, s := range sources(t) {
		from := packageName(s.dir)
		if s.test || from == "" || mayBulk[from] != "" || slices.Contains(testOnly, from) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if e, ok := n.(*ast.SelectorExpr); ok && e.Sel.Name == "Bulk" {
				t.Errorf("%s: package %s is not among those that may use store.Bulk", s.at(n), from)
			}
			return true
		})
	}
}

func TestTableNamesEachPackageOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range append(strings.Fields(strings.Join(table, " ")), testOnly...) {
		if seen[name] {
			t.Errorf("%s is there twice", name)
		}
		seen[name] = true
	}
	for name := range mayBulk {
		if level(name) < level("store") {
			t.Errorf("%s may use Bulk but cannot import store", name)
		}
	}
}
