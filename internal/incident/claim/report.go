package claim

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"time"

	"triward/internal/detection"
	"triward/internal/detection/baseline"
	"triward/internal/incident"
	"triward/internal/store"
)

// Report is what is known of who did what and how, with what is not known.
type Report struct {
	For        incident.Audience // for whom it is written out; "" is nobody yet
	Incident   incident.Incident
	Made       time.Time
	Sections   []Section // one for each of [Abouts], also the empty ones
	Ended      []Claim   // that do not stand any more
	Threads    []Activity
	Indicators []Indicator
	Beyond     []string          // devices on which an indicator was seen and that are not in the incident
	From, To   time.Time         // the time that the blind intervals are of
	Blind      []detection.Blind // in which something was not seen, the latest first
	More       bool              // there are others
	BlindKnown bool              // false: the reader may not see them
	Evicted    int64             // values that baselines had no room for: "new" may then not be new
	Unsearched int               // indicators that were not searched for
}

// Section is what is said about one thing.
type Section struct {
	About  About
	Claims []Claim
}

// Empty lists what nothing is said about.
func (r Report) Empty() []About {
	var out []About
	for _, s := range r.Sections {
		if len(s.Claims) == 0 {
			out = append(out, s.About)
		}
	}
	return out
}

// before is how long before the awareness the blind intervals of a report begin, where no indicator was seen earlier.
const before = 30 * 24 * time.Hour

// Of reads the report of an incident as it stands at an instant.
func Of(ctx context.Context, r store.Reader, of string, now time.Time) (Report, error) {
	f, err := incident.Brief(ctx, r, of)
	if err != nil {
		return Report{}, err
	}
	out := Report{Incident: f, Made: now, From: f.Aware.Add(-before), To: now}
	if !f.Closed.IsZero() {
		out.To = f.Closed
	}
	claims, err := Claims(ctx, r, f.ID)
	if err != nil {
		return out, err
	}
	for _, a := range Abouts() {
		s := Section{About: a}
		for _, c := range claims {
			if c.About == a && c.Stands() {
				s.Claims = append(s.Claims, c)
			}
		}
		out.Sections = append(out.Sections, s)
	}
	for _, c := range claims {
		if !c.Stands() {
			out.Ended = append(out.Ended, c)
		}
	}
	threads, err := Threads(ctx, r, f.ID)
	if err != nil {
		return out, err
	}
	for _, t := range threads {
		out.Threads = append(out.Threads, activity(t, claims))
	}
	if out.Indicators, err = Indicators(ctx, r, f.ID); err != nil {
		return out, err
	}
	in, err := devicesOf(ctx, r, f.ID)
	if err != nil {
		return out, err
	}
	for _, i := range out.Indicators {
		if !i.Search.Done {
			out.Unsearched++
		}
		if !i.Search.First.IsZero() && i.Search.First.Before(out.From) {
			out.From = i.Search.First
		}
		for _, s := range i.Search.Devices {
			if !slices.Contains(in, s.Device) && !slices.Contains(out.Beyond, s.Device) {
				out.Beyond = append(out.Beyond, s.Device)
			}
		}
	}
	slices.Sort(out.Beyond)
	return out, out.unseen(ctx, r)
}

// unseen adds what could not be seen.
func (r *Report) unseen(ctx context.Context, in store.Reader) error {
	if _, err := store.ScopeOf(ctx, detection.KindRead); err != nil {
		return nil //nolint:nilerr // the report says that its reader may not see it
	}
	page, err := detection.Blinds(ctx, in, detection.BlindQuery{From: r.From, To: r.To, Limit: mostBlind})
	if err != nil {
		return err
	}
	r.Blind, r.More, r.BlindKnown = page.Items, page.Next != "", true
	r.Evicted, err = baseline.EvictedSum(ctx, in)
	return err
}

// Techniques are the names of the techniques that claims name.
func (r Report) Techniques() map[string]string {
	out := map[string]string{}
	for _, s := range r.Sections {
		for _, c := range s.Claims {
			if s.About != Technique {
				continue
			}
			if name, err := TechniqueName(c.Value); err == nil {
				out[c.Value] = name
			}
		}
	}
	return out
}

// marks of Markdown that could change how a text of people is read.
var plain = strings.NewReplacer("\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]", "<", "&lt;", ">", "&gt;", "#", "\\#", "|", "\\|", "\r", "", "\n", " ")

var markdown = template.Must(template.New("who").Funcs(template.FuncMap{
	"plain": func(v any) string { return plain.Replace(fmt.Sprint(v)) },
	"at": func(t time.Time) string {
		if t.IsZero() {
			return "not known"
		}
		return t.UTC().Format("2006-01-02 15:04 UTC")
	},
	"add":   func(n int) int { return n + 1 },
	"word":  func(v any) string { return strings.ReplaceAll(fmt.Sprint(v), "_", " ") },
	"upper": func(m incident.Marking) string { return strings.ToUpper(string(m)) },
	"name":  func(id string, names map[string]string) string { return strings.TrimSpace(id + " " + names[id]) },
}).Parse(`{{$names := .Techniques}}{{if .Incident.Exercise}}**EXERCISE**

{{end}}# {{plain .Incident.Number}}: who did what, and how

{{with .For}}For: {{.Words}}

{{end}}TLP:{{upper .Incident.TLP}} ({{.Incident.TLP.Words}}), PAP:{{upper .Incident.PAP}}

{{plain .Incident.Title}}. As it is known on {{at .Made}}.
{{range .Sections}}
## {{.About.Question}} ({{.About}})

{{range .Claims}}- {{with .Value}}**{{plain (name . $names)}}** {{end}}{{plain .Says}}
  - says {{plain .Source}}; grade {{.Grade}} ({{.Grade.Numbers}}): {{.Grade.Words}}{{with .Likely}}; {{.}}{{end}}{{if .Newer}}; the technique is newer than our list{{end}}{{if not .Happened.IsZero}}; happened {{at .Happened}}{{end}}
  - {{if .Hypothesis}}**hypothesis, without evidence**{{else}}evidence: {{range $n, $e := .Evidence}}{{if $n}}; {{end}}{{$e.Kind}} {{plain $e.ID}}{{with $e.Title}} ({{plain .}}){{end}}{{end}}{{end}}
{{else}}Nothing is known. This is empty.
{{end}}{{end}}{{range .Threads}}
## Activity thread: {{plain .Name}}

{{range $n, $e := .Events}}{{add $n}}. {{at .At}}, {{.Phase}}: {{plain .Says}}
{{range .Corners}}   - {{.About}}: {{range $k, $c := .Claims}}{{if $k}}; {{end}}{{plain .Says}} ({{.Grade}}){{else}}empty{{end}}
{{end}}{{range .More}}   - {{.About}}: {{with .Value}}{{plain (name . $names)}}: {{end}}{{plain .Says}} ({{.Grade}})
{{end}}{{range .Gone}}   - taken back: {{.About}}, {{plain .Says}}
{{end}}{{end}}{{end}}
## Indicators

{{range .Indicators}}- {{word .Kind}} {{plain .Shown}}: {{if .Search.Done}}{{if .Search.Events}}{{.Search.Events}} events on {{.Search.Named}} devices, from {{at .Search.First}} to {{at .Search.Last}}{{else}}not seen in the kept events{{end}}{{with .Search.Owners}}, a name of {{.}} devices of ours{{end}}, searched {{at .Search.At}}{{with .Search.Why}}; the last try failed: {{plain .}}{{end}}{{else}}**not searched**: {{plain .Search.Why}}{{end}}
{{else}}None.
{{end}}{{with .Beyond}}
Seen on devices that are not in the incident: {{range $n, $d := .}}{{if $n}}, {{end}}{{plain $d}}{{end}}.
{{end}}
## What could not be seen

From {{at .From}} to {{at .To}}.

{{if not .BlindKnown}}Who made this report may not see blind intervals.
{{else}}{{range .Blind}}- {{with .Name}}{{plain .}}{{else}}all sources{{end}}: {{word .Reason}}, {{at .Started}} to {{if .Ended.IsZero}}now{{else}}{{at .Ended}}{{end}}{{if gt .Lost 0}}, {{.Lost}} records lost{{else if lt .Lost 0}}, nobody can know how many records were lost{{end}}
{{else}}No blind interval is known.
{{end}}{{if .More}}- and older ones
{{end}}{{if .Evicted}}- {{.Evicted}} values had no room in baselines any more: what they call new may be old
{{end}}{{end}}{{with .Empty}}- nothing is said about: {{range $n, $a := .}}{{if $n}}, {{end}}{{$a}}{{end}}
{{end}}{{with .Ended}}
## What was said before

{{range .}}- {{.About}}: {{plain .Says}} ({{.Grade}}, {{plain .Source}}). {{if .EndedBy}}Another claim took its place{{else}}Withdrawn{{end}} {{at .Ended}} by {{plain .EndName}}: {{plain .EndReason}}
{{end}}{{end}}`))

// Markdown writes the report (CommonMark) for an audience; refused (Forbidden) for one that its TLP does not allow.
func (r Report) Markdown(as incident.Audience) ([]byte, error) {
	if err := r.Incident.TLP.Share("what is known of "+r.Incident.Number, as); err != nil {
		return nil, err
	}
	r.For = as
	var b bytes.Buffer
	err := markdown.Execute(&b, r)
	return b.Bytes(), err
}
