package training

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"

	"triward/internal/document/source"
	"triward/internal/problem"
)

// Curriculum is what the holders of some functions must know together.
type Curriculum struct {
	ID           string            `yaml:"id"`
	Title        string            `yaml:"title"`
	Functions    []source.Function `yaml:"functions"`
	Minutes      int               `yaml:"minutes"`       // how long it takes
	RecertMonths int               `yaml:"recert_months"` // 0: once
	Kind         Kind              `yaml:"kind"`          // the least that is asked
	Documents    []string          `yaml:"documents"`     // codes; those that are not adopted are not asked for
}

var curriculumForm = regexp.MustCompile(`^[a-z][a-z0-9-]{1,39}$`)

// ReadCurricula reads a list of curricula, strictly: all faults at once.
func ReadCurricula(text []byte) ([]Curriculum, error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	var out []Curriculum
	if err := dec.Decode(&out); err != nil && !errors.Is(err, io.EOF) {
		return nil, problem.New(problem.Invalid, "the curricula cannot be read: %v", err)
	}
	var l problem.List
	seen := map[string]bool{}
	for i, c := range out {
		at := fmt.Sprintf("[%d]", i)
		if !curriculumForm.MatchString(c.ID) || seen[c.ID] {
			l.Add(at+".id", "must be unique, of letters a to z, digits and -")
		}
		seen[c.ID] = true
		if c.Title == "" {
			l.Add(at+".title", "is required")
		}
		if c.Minutes <= 0 {
			l.Add(at+".minutes", "is required")
		}
		if c.RecertMonths < 0 {
			l.Add(at+".recert_months", "must not be negative")
		}
		if !slices.Contains([]Kind{Notify, Read, Quiz, Practical}, c.Kind) {
			l.Add(at+".kind", "must be notify, read, quiz or practical")
		}
		if len(c.Functions) == 0 || len(c.Documents) == 0 {
			l.Add(at, "names no function or no document")
		}
		for _, f := range c.Functions {
			if !f.Known() {
				l.Add(at+".functions", "%q is not in the list of functions", f)
			}
		}
		for _, code := range c.Documents {
			if !source.IsCode(code) {
				l.Add(at+".documents", "%q is not a code", code)
			}
		}
	}
	return out, l.Err("the curricula are not valid")
}

func digestOf(all []Curriculum) string {
	b, err := json.Marshal(all)
	if err != nil { // plain values only
		return ""
	}
	return sha256Hex(b)
}

func sha256Hex(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
