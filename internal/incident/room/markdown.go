package room

import (
	"context"
	"fmt"
	"strings"

	"triward/internal/incident"
	"triward/internal/store"
)

// Markdown writes a report as CommonMark. What people typed is escaped, so that it stays text.
func (p Report) Markdown() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	mark := ""
	if p.Exercise {
		mark = incident.ExerciseMark
	}
	line("# %sSituation report %d: %s %s\n", mark, p.Number, p.Incident, escape(p.Title))
	if p.For != "" {
		line("For: %s\n", p.For.Words())
	}
	line("TLP:%s · %s · by %s\n", strings.ToUpper(p.TLP), stamp(p.At), escape(p.By))
	line("- State: %s", p.State)
	line("- Severity: network %d (%s), patients C%d (%s)", p.Cyber, incident.CyberWords()[p.Cyber], p.Clinical, incident.ClinicalWords()[p.Clinical])
	line("- Priority: %s: %s", p.Priority, p.Because)
	line("- Clinical work: %s", p.Care)
	line("- Next report: %s\n", stamp(p.Next))
	for _, s := range p.Sections() {
		line("## %s\n", s.Title)
		for _, x := range s.Lines {
			line("- %s", escape(x))
		}
		if len(s.Lines) == 0 {
			line("- %s", s.None)
		}
		line("")
	}
	return b.String()
}

// Text reads a situation report as Markdown for an audience. It is refused (Forbidden) for one that the report's TLP, or that of
// its incident today, does not allow. Number 0 is the newest.
func Text(ctx context.Context, r store.Reader, of string, number int, as incident.Audience) (string, error) {
	i, err := incident.Brief(ctx, r, of)
	if err != nil {
		return "", err
	}
	_, p, err := Read(ctx, r, i.ID, number)
	if err != nil {
		return "", err
	}
	if err := i.TLP.Stricter(incident.Marking(p.TLP)).Share("the situation report of "+i.Number, as); err != nil {
		return "", err
	}
	p.For = as
	return p.Markdown(), nil
}

// Section is a part of a report as lines of text.
type Section struct {
	Title string
	Lines []string
	None  string // what it says without lines
}

// Sections are the parts of a report in their order.
func (p Report) Sections() []Section {
	return []Section{
		{"What changed", p.Changed, "Nothing."},
		{"Known", p.Known, "Nothing."},
		{"Unknown", p.Unknown, "Nothing that we know of."},
		{"Containment in force", texts(p.Containment, Held.text), "None."},
		{"Reporting clocks", texts(p.Clocks, Deadline.text), "None runs."},
		{"Decisions since the last report", texts(p.Decisions, func(d Decided) string { return fmt.Sprintf("%s (%s, %s)", d.Text, d.By, stamp(d.At)) }), "None was written down."},
		{"Open tasks", texts(p.Tasks, Open.text), "None."},
		{"Devices and systems", texts(p.Devices, Stands.text), "None."},
	}
}

// escape keeps what Markdown reads as its own signs as text, on one line.
func escape(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", "#", `\#`, "|", `\|`, "~", `\~`).Replace(s)
}
