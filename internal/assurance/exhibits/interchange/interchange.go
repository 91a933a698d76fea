package interchange

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"triward/internal/incident"
	"triward/internal/incident/claim"
	"triward/internal/incident/custody"
)

// Case is what the files are made of.
type Case struct {
	As           incident.Audience // for whom they are
	Organisation string            // its name; "" where none is set
	File         incident.Incident
	Given        []custody.Given
	Who          claim.Report
	Links        []incident.Link
}

// namespace of our ids. STIX keeps its own (2.9) for observables, which have no id of ours.
var namespace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("urn:triward:interchange"))

// idOf is the UUID of a record of ours.
func idOf(record string) string { return uuid.NewSHA1(namespace, []byte(record)).String() }

// object is an object of a file; its members are written in the order of their names.
type object map[string]any

func (c Case) organisation() string {
	if c.Organisation == "" {
		return "The organisation of " + c.File.Number
	}
	return c.Organisation
}

// title names the incident, and says when it is an exercise.
func (c Case) title() string {
	mark := ""
	if c.File.Exercise {
		mark = incident.ExerciseMark
	}
	return mark + c.File.Number + ": " + c.File.Title
}

func write(v any) ([]byte, error) {
	body, err := json.MarshalIndent(v, "", "  ")
	return append(body, '\n'), err
}

func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
