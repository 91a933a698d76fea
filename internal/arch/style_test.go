package arch

import (
	"go/ast"
	"path"
	"slices"
	"strings"
	"testing"
)

const (
	maxFile     = 600  // lines
	maxPackage  = 4000 // lines without tests
	longFunc    = 80   // lines; reported
	maxFunc     = 150  // lines; refused
	maxParams   = 4
	packageDocs = "doc.go"
)

// largePackages have a limit of their own; each names the decision record that says why.
var largePackages = map[string]int{
	"internal/web": 26500, // docs/adr/0009-web-is-one-large-package.md
	"internal/app": 5000,  // docs/adr/0017-the-demonstration-is-wiring.md
	"internal/api": 7500,  // docs/adr/0010-signatures-and-documents.md

	"internal/incident":   4600, // docs/adr/0021-an-incident-is-one-package.md
	"apiv1":               5000, // docs/adr/0019-lists-of-operations.md
	"internal/cli/online": 5000, // docs/adr/0019-lists-of-operations.md
}

func TestFilesAndPackagesStaySmall(t *testing.T) {
	size := map[string]int{}
	for _, s := range sources(t) {
		if s.lines > maxFile {
			t.Errorf("%s has %d lines, at most %d", s.path, s.lines, maxFile)
		}
		if !s.test {
			size[s.dir] += s.lines
		}
	}
	for dir, n := range size {
		limit := maxPackage
		if own, ok := largePackages[dir]; ok {
			limit = own
		}
		if n > limit {
			t.Errorf("%s has %d lines without tests, at most %d", dir, n, limit)
		}
	}
}

// functions calls fn for each declared function outside of tests.
func functions(t *testing.T, fn func(s source, f *ast.FuncDecl)) {
	t.Helper()
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				fn(s, f)
			}
		}
	}
}

func TestFunctionsStayOnAScreen(t *testing.T) {
	functions(t, func(s source, f *ast.FuncDecl) {
		switch n := s.fset.Position(f.End()).Line - s.fset.Position(f.Pos()).Line + 1; {
		case n > maxFunc:
			t.Errorf("%s: %s has %d lines, at most %d", s.at(f), f.Name.Name, n, maxFunc)
		case n > longFunc:
			t.Logf("%s: %s has %d lines, aim at %d", s.at(f), f.Name.Name, n, longFunc)
		}
	})
}

// The context comes first everywhere and the values of a statement last: neither counts. A function of one boolean is a
// conversion; beside other parameters a boolean makes calls that nobody can read.
func TestParameters(t *testing.T) {
	functions(t, func(s source, f *ast.FuncDecl) {
		n, booleans := 0, 0
		for _, p := range f.Type.Params.List {
			if e, ok := p.Type.(*ast.SelectorExpr); ok && isName(e.X, "context") {
				continue
			}
			if _, ok := p.Type.(*ast.Ellipsis); ok {
				continue
			}
			n += max(1, len(p.Names))
			if isName(p.Type, "bool") {
				booleans++
			}
		}
		if booleans > 0 && n > 1 {
			t.Errorf("%s: %s has a boolean parameter: use two functions or a named type", s.at(f), f.Name.Name)
		}
		if n > maxParams {
			t.Errorf("%s: %s has %d parameters, at most %d: use a struct", s.at(f), f.Name.Name, n, maxParams)
		}
	})
}

func TestNames(t *testing.T) {
	noPackage := []string{"util", "utils", "common", "helper", "helpers", "models", "model", "misc", "shared", "base", "types", "interfaces"}
	noSuffix := []string{"Repository", "DTO", "Impl", "Manager", "Helper", "Util", "Utils"}
	for _, s := range sources(t) {
		for part := range strings.SplitSeq(s.dir, "/") {
			if slices.Contains(noPackage, part) {
				t.Errorf("%s: a package named %s says nothing of what it holds", s.path, part)
			}
		}
		if name := strings.TrimSuffix(s.file.Name.Name, "_test"); s.dir != "." && name != "main" && name != path.Base(s.dir) {
			t.Errorf("%s: package %s in a folder of another name", s.path, name)
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			for _, suffix := range noSuffix {
				if strings.HasSuffix(spec.Name.Name, suffix) {
					t.Errorf("%s: type %s: name what it is, not %q", s.at(n), spec.Name.Name, suffix)
				}
			}
			return true
		})
	}
}

// mayTellTime are the packages where the clock is read and given down; the domains between ledger and the doors get
// their instants as parameters or from tx.Now, and formats know none at all.
var mayTellTime = []string{"store", "blob", "eventlog", "stream", "api", "web", "ingest", "app", "cli"}

func TestDomainsDoNotReadTheClock(t *testing.T) {
	for _, s := range sources(t) {
		from := packageName(s.dir)
		if s.test || from == "" || slices.Contains(mayTellTime, from) || slices.Contains(testOnly, from) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if e, ok := n.(*ast.SelectorExpr); ok && isName(e.X, "time") && slices.Contains([]string{"Now", "Since", "Until"}, e.Sel.Name) {
				t.Errorf("%s: time.%s: take the instant as a parameter or from tx.Now", s.at(n), e.Sel.Name)
			}
			return true
		})
	}
}

func isName(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

func TestNoPanicNoExit(t *testing.T) {
	functions(t, func(s source, f *ast.FuncDecl) {
		if packageName(s.dir) == "" && !strings.HasPrefix(s.dir, "client") && !strings.HasPrefix(s.dir, "apiv1") || slices.Contains(testOnly, packageName(s.dir)) {
			return // programs end themselves
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			e, _ := call.Fun.(*ast.SelectorExpr)
			switch {
			case isName(call.Fun, "panic") && !passesOn(f):
				t.Errorf("%s: panic: return an error", s.at(n))
			case e != nil && isName(e.X, "os") && e.Sel.Name == "Exit", e != nil && isName(e.X, "log") && strings.HasPrefix(e.Sel.Name, "Fatal"):
				t.Errorf("%s: %s ends the program: return an error", s.at(n), e.Sel.Name)
			}
			return true
		})
	})
}

// passesOn tells a function that recovers, and throws again what is not its own to handle, as net/http asks of handlers
// (http.ErrAbortHandler).
func passesOn(f *ast.FuncDecl) bool {
	found := false
	ast.Inspect(f, func(n ast.Node) bool {
		e, ok := n.(*ast.SelectorExpr)
		found = found || ok && isName(e.X, "http") && e.Sel.Name == "ErrAbortHandler"
		return !found
	})
	return found
}

func TestNoInit(t *testing.T) {
	functions(t, func(s source, f *ast.FuncDecl) {
		if f.Recv == nil && f.Name.Name == "init" {
			t.Errorf("%s: func init: nothing happens on import", s.at(f))
		}
	})
}

// A global of one of these types holds state; what is computed once from constants is none.
func TestNoGlobalState(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || packageName(s.dir) == "" {
			continue
		}
		for _, d := range s.file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range g.Specs {
				v, ok := spec.(*ast.ValueSpec)
				if !ok || v.Type == nil {
					continue
				}
				e, ok := v.Type.(*ast.SelectorExpr)
				if ok && (isName(e.X, "sync") && e.Sel.Name != "Pool" || isName(e.X, "atomic")) {
					t.Errorf("%s: %s is state that everybody shares", s.at(v), v.Names[0].Name)
				}
			}
		}
	}
}

func TestEachPackageSaysWhatItHolds(t *testing.T) {
	documented := map[string]bool{}
	seen := map[string]bool{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		seen[s.dir] = true
		if s.file.Doc == nil {
			continue
		}
		// A command says it beside its main function.
		if path.Base(s.path) == packageDocs || s.file.Name.Name == "main" || strings.HasSuffix(s.dir, "test") {
			documented[s.dir] = true
		}
	}
	for dir := range seen {
		if !documented[dir] {
			t.Errorf("%s has no %s with a package comment", dir, packageDocs)
		}
	}
}

// decoders are the packages that read bytes from elsewhere.
var decoders = strings.Fields("pcap dicom hl7 fhir atna syslog sdc udi mds2 sbom advisory vers cpe cvss sigma stix ledger store document")

func TestDecodersAreFuzzed(t *testing.T) {
	fuzzed := map[string]bool{}
	there := map[string]bool{}
	for _, s := range sources(t) {
		name := packageName(s.dir)
		there[name] = true
		if !s.test {
			continue
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Fuzz") {
				fuzzed[name] = true
			}
		}
	}
	for _, d := range decoders {
		if there[d] && !fuzzed[d] {
			t.Errorf("%s reads bytes from elsewhere and has no fuzz target", d)
		}
	}
}

// A package with an interface of its own has two implementations of it and a suite that both pass; what is listed here
// is looked at by people.
func TestInterfacesStaySmall(t *testing.T) {
	const most = 5
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			if i, ok := n.(*ast.InterfaceType); ok && i.Methods.NumFields() > most {
				t.Errorf("%s: an interface of %d methods, at most %d", s.at(n), i.Methods.NumFields(), most)
			}
			return true
		})
	}
}
