package cli

import (
	_ "embed"
	"errors"
	"html/template"
	"os"
	"path/filepath"
	"time"

	"triward/internal/risk"
	"triward/internal/vuln/match"
)

//go:embed report.html
var reportText string

// report is the page that assess writes: one file without scripts or references to others.
type report struct {
	Lines        []finding
	Devices      int
	Uncontrolled int
	Made         string
}

// writeReport writes beside the target and renames: a broken run leaves no half report.
func writeReport(file string, lines []finding, devices int) error {
	t, err := template.New("report").Parse(reportText)
	if err != nil {
		return err
	}
	r := report{Lines: lines, Devices: devices, Made: time.Now().UTC().Format("2006-01-02 15:04 UTC")}
	for _, l := range lines {
		if l.Class == risk.Uncontrolled && l.Truth != match.NotAffected {
			r.Uncontrolled++
		}
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".triward-report-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := errors.Join(t.Execute(f, r), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}
