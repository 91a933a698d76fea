package online

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"triward/client"
)

// TestEveryOperationHasACommand keeps the command line complete: what the client can do, a command does.
func TestEveryOperationHasACommand(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(b)
	}
	typ := reflect.TypeFor[*client.Client]()
	for i := range typ.NumMethod() {
		name := typ.Method(i).Name
		used := regexp.MustCompile(`(\bc|\(\*client\.Client\))\.` + name + `\b`)
		if !used.MatchString(source.String()) {
			t.Errorf("no command calls client.%s", name)
		}
	}
}
