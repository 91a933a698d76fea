package product

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"triward/internal/problem"
)

// ManufacturerID names a manufacturer ("mfr_…").
type ManufacturerID string

// ModelID names a model ("mod_…").
type ModelID string

// ReleaseID names a release ("rel_…"); empty where every release of a model is meant.
type ReleaseID string

// Manufacturer makes devices.
type Manufacturer struct {
	ID      ManufacturerID
	Name    string
	Aliases []string // other names by which it is known
}

// SafetyClass is what a model does for a patient.
type SafetyClass string

// The closed list of safety classes.
const (
	LifeSustaining SafetyClass = "life_sustaining"
	LifeSupporting SafetyClass = "life_supporting"
	Therapeutic    SafetyClass = "therapeutic"
	Diagnostic     SafetyClass = "diagnostic"
	Monitoring     SafetyClass = "monitoring"
	OtherClass     SafetyClass = "other"
	ClassNotKnown  SafetyClass = "unknown"
)

// Limits of what people and files may say.
const (
	maxName         = 300
	maxVersion      = 200
	maxFunctionName = 200
	maxText         = 2_000
	maxList         = 200
	maxPatients     = 10_000
	earliestYear    = 1900
	latestYear      = 2200
)

// SafetyClasses lists every class, the most critical first.
func SafetyClasses() []SafetyClass {
	return []SafetyClass{LifeSustaining, LifeSupporting, Therapeutic, Diagnostic, Monitoring, OtherClass, ClassNotKnown}
}

// Severity is how bad a harm is, in the five steps of FDA's postmarket guidance of 2016 (VI.B).
type Severity string

// The closed list of severities; an unknown one must be taken for the worst.
const (
	Negligible       Severity = "negligible"   // S1: inconvenience or temporary discomfort
	Minor            Severity = "minor"        // S2: temporary injury, no professional help needed
	Serious          Severity = "serious"      // S3: professional help needed
	Critical         Severity = "critical"     // S4: permanent impairment or danger to life
	Catastrophic     Severity = "catastrophic" // S5: death
	SeverityNotKnown Severity = "unknown"
)

// Severities lists every severity, the mildest first, unknown last.
func Severities() []Severity {
	return []Severity{Negligible, Minor, Serious, Critical, Catastrophic, SeverityNotKnown}
}

// Answer is yes, no or not known.
type Answer string

// The closed list of answers.
const (
	Yes      Answer = "yes"
	No       Answer = "no"
	NotKnown Answer = "unknown"
)

// Answers lists every answer.
func Answers() []Answer { return []Answer{Yes, No, NotKnown} }

// Function is something a model does for a patient.
type Function struct {
	Name string
	Harm Severity // the worst that can follow when the function fails or its output is false
}

// Model is a kind of device.
type Model struct {
	ID               ModelID
	Manufacturer     ManufacturerID
	ManufacturerName string // filled by reads
	Name             string
	DIs              []string // UDI device identifiers
	Numbers          []string // model, catalogue or part numbers
	Class            SafetyClass
	Functions        []Function
	MultiPatient     Answer // one event can hurt several patients
	PatientsAtOnce   int    // patients that one device serves at once; 0 when not known
	Changed          time.Time
}

// Release is a software version of a model.
type Release struct {
	ID           ReleaseID
	Model        ModelID
	Version      string
	Released     time.Time // date, zero when not known
	EndOfSupport time.Time // date, zero when not known
}

// Validate reports every fault of a manufacturer.
func (m Manufacturer) Validate() error {
	var l problem.List
	name(&l, "name", m.Name)
	if FoldMaker(m.Name) == "" && m.Name != "" {
		l.Add("name", "must contain a letter or a digit")
	}
	list(&l, "aliases", m.Aliases)
	return l.Err("the manufacturer is not valid")
}

// Validate reports every fault of a model.
func (m Model) Validate() error {
	var l problem.List
	if m.Manufacturer == "" {
		l.Add("manufacturer", "is required")
	}
	name(&l, "name", m.Name)
	if Fold(m.Name) == "" && m.Name != "" {
		l.Add("name", "must contain a letter or a digit")
	}
	list(&l, "udi_dis", m.DIs)
	list(&l, "model_numbers", m.Numbers)
	OneOf(&l, "safety_class", m.Class, SafetyClasses())
	OneOf(&l, "multi_patient", m.MultiPatient, Answers())
	if m.PatientsAtOnce < 0 || m.PatientsAtOnce > maxPatients {
		l.Add("patients_at_once", "must be between 0 and %d", maxPatients)
	}
	if len(m.Functions) > maxList {
		l.Add("functions", "at most %d are allowed", maxList)
	}
	for i, f := range m.Functions {
		at := index("functions", i)
		Text(&l, at+".name", f.Name, maxFunctionName)
		if strings.TrimSpace(f.Name) == "" {
			l.Add(at+".name", "is required")
		}
		OneOf(&l, at+".harm", f.Harm, Severities())
	}
	return l.Err("the model is not valid")
}

// Validate reports every fault of a release.
func (r Release) Validate() error {
	var l problem.List
	if r.Model == "" {
		l.Add("model", "is required")
	}
	if strings.TrimSpace(r.Version) == "" {
		l.Add("version", "is required")
	}
	Text(&l, "version", r.Version, maxVersion)
	Date(&l, "released", r.Released)
	Date(&l, "end_of_support", r.EndOfSupport)
	if !r.Released.IsZero() && !r.EndOfSupport.IsZero() && r.EndOfSupport.Before(r.Released) {
		l.Add("end_of_support", "is before the release")
	}
	return l.Err("the release is not valid")
}

// WorstHarm is the severity of the worst function, and unknown when there is none or one is unknown: what is not known
// must not look harmless.
func (m Model) WorstHarm() Severity {
	worst := -1
	for _, f := range m.Functions {
		worst = max(worst, slices.Index(Severities(), f.Harm))
	}
	if worst < 0 {
		return SeverityNotKnown
	}
	return Severities()[worst]
}

// OneOf notes a fault when v is not in the closed list.
func OneOf[T ~string](l *problem.List, path string, v T, all []T) {
	if slices.Contains(all, v) {
		return
	}
	names := make([]string, len(all))
	for i, a := range all {
		names[i] = string(a)
	}
	l.Add(path, "must be one of %s", strings.Join(names, ", "))
}

// Text notes a fault when s is longer than limit bytes, is not UTF-8 or has control characters.
func Text(l *problem.List, path, s string, limit int) {
	switch {
	case len(s) > limit:
		l.Add(path, "is longer than %d bytes", limit)
	case !utf8.ValidString(s):
		l.Add(path, "is not UTF-8 text")
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }):
		l.Add(path, "contains control characters")
	}
}

// Date notes a fault when a date lies outside the years 1900 to 2200. The zero time is "not known" and no fault.
func Date(l *problem.List, path string, t time.Time) {
	if y := t.Year(); !t.IsZero() && (y < earliestYear || y > latestYear) {
		l.Add(path, "must be between %d and %d", earliestYear, latestYear)
	}
}

func name(l *problem.List, path, s string) {
	if strings.TrimSpace(s) == "" {
		l.Add(path, "is required")
	}
	Text(l, path, s, maxName)
}

func list(l *problem.List, path string, values []string) {
	if len(values) > maxList {
		l.Add(path, "at most %d are allowed", maxList)
		return
	}
	for i, v := range values {
		name(l, index(path, i), v)
	}
}
