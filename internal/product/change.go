package product

import (
	"strconv"
	"strings"
	"time"
)

// Change is one field of a record before and after.
type Change struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Changes collects the fields that differ. The zero value is ready.
type Changes []Change

// Note adds a field when its value differs.
func (c *Changes) Note(field, before, after string) {
	if before != after {
		*c = append(*c, Change{field, before, after})
	}
}

// Day is a date as text, "" for the zero time.
func Day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

func (m Model) changes(after Model) Changes {
	var c Changes
	c.Note("manufacturer", string(m.Manufacturer), string(after.Manufacturer))
	c.Note("name", m.Name, after.Name)
	c.Note("udi_dis", strings.Join(m.DIs, ", "), strings.Join(after.DIs, ", "))
	c.Note("model_numbers", strings.Join(m.Numbers, ", "), strings.Join(after.Numbers, ", "))
	c.Note("safety_class", string(m.Class), string(after.Class))
	c.Note("functions", functionText(m.Functions), functionText(after.Functions))
	c.Note("multi_patient", string(m.MultiPatient), string(after.MultiPatient))
	c.Note("patients_at_once", strconv.Itoa(m.PatientsAtOnce), strconv.Itoa(after.PatientsAtOnce))
	return c
}

func functionText(fs []Function) string {
	parts := make([]string, len(fs))
	for i, f := range fs {
		parts[i] = f.Name + " (" + string(f.Harm) + ")"
	}
	return strings.Join(parts, ", ")
}
