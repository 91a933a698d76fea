package engine_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"triward/internal/sigma"
	"triward/internal/sigma/engine"
	"triward/internal/testdata"
)

// placeholders are values for the rules of SigmaHQ that ask for some.
var placeholders = map[string][]string{"known_cdcs": {"dc01.example.org", "192.0.2.10"}}

type sigmaRule = sigma.Rule

type corpus struct {
	set    sigma.Set
	faults []string
	files  int
}

var loaded struct {
	sync.Once
	corpus
}

// sigmaHQ gives every rule of SigmaHQ that compiles.
func sigmaHQ(t testing.TB) corpus {
	t.Helper()
	testdata.Path(t, "sigma/sigmahq-rules.tar.zst")
	loaded.Do(func() {
		c := &loaded.corpus
		testdata.Tar(t, "sigma/sigmahq-rules.tar.zst", func(name string, body []byte) {
			if !strings.HasSuffix(name, ".yml") {
				return
			}
			c.files++
			s, err := sigma.Parse(path.Base(name), body, sigma.Options{Placeholders: placeholders})
			if err != nil {
				c.faults = append(c.faults, err.Error())
			}
			c.set.Add(s)
		})
	})
	return loaded.corpus
}

// lines gives every n-th line of a file.
func lines(text []byte, n int) [][]byte {
	var out [][]byte
	i := 0
	for line := range strings.Lines(string(text)) {
		if i%n == 0 {
			out = append(out, []byte(line))
		}
		i++
	}
	return out
}

func gunzip(t testing.TB, b []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestSigmaHQCompiles(t *testing.T) {
	c := sigmaHQ(t)
	_, faults := engine.Compile(c.set, engine.Options{})
	for _, f := range faults {
		c.faults = append(c.faults, f.String())
	}
	slices.Sort(c.faults)
	for _, f := range c.faults {
		t.Log(f)
	}
	if n := len(c.faults); 100*(c.files-n) < 99*c.files {
		t.Errorf("%d of %d rules do not compile, at most 1 %%", n, c.files)
	}
	t.Logf("%d of %d rules compile", len(c.set.Rules), c.files)
}
