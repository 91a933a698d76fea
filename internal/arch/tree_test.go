package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
)

const module = "triward"

// source is a Go file of the repository.
type source struct {
	path  string // from the root, with slashes
	dir   string
	test  bool
	lines int
	fset  *token.FileSet
	file  *ast.File
}

func (s source) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", s.path, s.fset.Position(n.Pos()).Line)
}

// root is the folder of go.mod.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatal(err)
	}
	return dir
}

var parse = sync.OnceValues(func() ([]source, error) {
	var out []source
	base := filepath.Join("..", "..")
	err := filepath.WalkDir(base, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && p != base && (strings.HasPrefix(e.Name(), ".") || e.Name() == "testdata" && hasNoGo(p) || e.Name() == "bin" || e.Name() == "dist") {
			return fs.SkipDir
		}
		if e.IsDir() || !strings.HasSuffix(p, ".go") {
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(base, p)
		if err != nil {
			return err
		}
		s := source{path: filepath.ToSlash(rel), test: strings.HasSuffix(p, "_test.go"), fset: token.NewFileSet(),
			lines: strings.Count(string(text), "\n")}
		s.dir = path.Dir(s.path)
		s.file, err = parser.ParseFile(s.fset, s.path, text, parser.ParseComments|parser.SkipObjectResolution)
		out = append(out, s)
		return err
	})
	sort.Slice(out, func(i, j int) bool { return out[i].path < out[j].path })
	return out, err
})

// hasNoGo tells a folder of samples from the package internal/testdata.
func hasNoGo(dir string) bool {
	found, err := filepath.Glob(filepath.Join(dir, "*.go"))
	return err == nil && len(found) == 0
}

func sources(t *testing.T) []source {
	t.Helper()
	all, err := parse()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// packageName is the glossary noun of a folder: "internal/blob/blobtest" belongs to "blob"; "" outside of internal.
func packageName(dir string) string {
	rest, ok := strings.CutPrefix(dir, "internal/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}
