package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
)

func TestVendoredFilesHaveTheirDigests(t *testing.T) {
	list, err := staticFiles.ReadFile("static/VENDORED")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(list)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(strings.TrimSpace(line), "\t")
		if len(cells) != 6 {
			t.Fatalf("line %q has %d cells, want 6", line, len(cells))
		}
		body, err := staticFiles.ReadFile("static/" + cells[0])
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != cells[4] {
			t.Errorf("%s has SHA-256 %x, VENDORED says %s", cells[0], sum, cells[4])
		}
		n++
	}
	if n != 2 {
		t.Errorf("%d files are vendored, want 2", n)
	}
}

func TestOwnScriptIsShort(t *testing.T) {
	body, err := staticFiles.ReadFile("static/app.js")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(body, []byte("\n")); n > 600 {
		t.Errorf("app.js has %d lines, at most 600 are allowed", n)
	}
}
