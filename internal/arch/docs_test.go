package arch

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A document that points to a test must not outlive it.
func TestDocumentsNameTestsThatExist(t *testing.T) {
	there := map[string]bool{}
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.test {
				there[f.Name.Name] = true
			}
		}
	}
	named := regexp.MustCompile("`(?:\\w+\\.)?(Test\\w+)`")
	files, err := filepath.Glob(filepath.Join(root(t), "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	decisions, err := filepath.Glob(filepath.Join(root(t), "docs", "adr", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(files, decisions...) {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(string(text), -1) {
			if !there[m[1]] {
				t.Errorf("%s names %s, which is not there", filepath.Base(f), m[1])
			}
		}
	}
}

// The design shows the same table of packages that the test holds.
func TestDesignShowsTheTable(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root(t), "docs", "design.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range table {
		if !strings.Contains(string(text), "\n"+line+" ") && !strings.Contains(string(text), "\n"+line+"\n") {
			t.Errorf("docs/design.md does not show the line %q", line)
		}
	}
}

func TestDecisionsAreOnePage(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root(t), "docs", "adr", "*.md"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no decisions: %v", err)
	}
	form := regexp.MustCompile(`^\d{4}-[a-z0-9-]+\.md$`)
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "\n"); n > 60 || !form.MatchString(filepath.Base(f)) {
			t.Errorf("%s has %d lines, at most 60, and is named NNNN-title.md", filepath.Base(f), n)
		}
		for _, part := range []string{"Status: ", "## Situation", "## Decision", "## Consequences"} {
			if !strings.Contains(string(text), part) {
				t.Errorf("%s has no part %q", filepath.Base(f), part)
			}
		}
	}
}
