package room

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// Head is a situation report without its content.
type Head struct {
	Number    int
	ActorName string
	At        time.Time
	Next      time.Time // when the next one is promised
	Digest    string    // SHA-256 of the kept bytes, hex
}

// Report is a situation report.
type Report struct {
	For incident.Audience `json:"-"` // for whom it is written out

	Number   int       `json:"number"`
	Incident string    `json:"incident"` // number of the incident
	Title    string    `json:"title"`
	Exercise bool      `json:"exercise,omitempty"`
	TLP      string    `json:"tlp"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
	Next     time.Time `json:"next"`

	State    string `json:"state"`
	Cyber    int    `json:"cyber"`
	Clinical int    `json:"clinical"`
	Care     string `json:"care"`
	Priority string `json:"priority"` // words of the result
	Because  string `json:"because"`

	Known       []string   `json:"known"`
	Unknown     []string   `json:"unknown"`
	Containment []Held     `json:"containment"` // in force
	Clocks      []Deadline `json:"clocks"`
	Tasks       []Open     `json:"tasks"`
	Devices     []Stands   `json:"devices"`
	Decisions   []Decided  `json:"decisions"` // since the last report
	Changed     []string   `json:"changed"`   // since the last report; of the first one: that it is the first
}

// Held is containment in force.
type Held struct {
	Device  string    `json:"device"`
	Action  string    `json:"action"`
	State   string    `json:"state"`
	Returns time.Time `json:"returns"`
	Record  []string  `json:"record,omitempty"` // of [incident.Action.Record]: patients, alternative, sign-offs
}

// Deadline is a reporting clock that runs.
type Deadline struct {
	Entity string    `json:"entity"`
	Report string    `json:"report"`
	State  string    `json:"state"`
	Latest time.Time `json:"latest,omitzero"` // zero: without delay
}

// Open is a task that is not over.
type Open struct {
	Title string `json:"title"`
	Side  string `json:"side"`
	With  string `json:"with"` // "" nobody accepted it
	State string `json:"state"`
}

// Stands is how a device stands.
type Stands struct {
	Name  string `json:"name"`
	Place string `json:"place"`
	State string `json:"state"`
}

// Decided is a decision that was written down.
type Decided struct {
	Text string    `json:"text"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
}

// maxListed bounds the lists of a report.
const maxListed = 200

// Report makes the next situation report of an incident and keeps it. next is when the one after it is promised; zero: in an
// hour when the incident is to be acted upon now, else in a day.
func (d Desk) Report(ctx context.Context, of string, next time.Time) (Report, error) {
	var p Report
	err := d.DB.Update(ctx, func(tx *store.Tx) error {
		v, err := Look(ctx, tx, of, tx.Now)
		if err != nil {
			return err
		}
		if !next.IsZero() && !next.After(tx.Now) {
			var l problem.List
			l.Add("next", "must lie in the future")
			return l.Err("the report cannot be made")
		}
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		var last *Report
		if len(v.Reports) > 0 {
			_, old, err := Read(ctx, tx, v.ID, v.Reports[0].Number)
			if err != nil {
				return err
			}
			last = &old
		}
		p = v.report(last)
		if p.By, p.Next = me.Name, next; next.IsZero() {
			p.Next = tx.Now.Add(24 * time.Hour)
			if v.Urgency.Rank == 1 {
				p.Next = tx.Now.Add(time.Hour)
			}
		}
		body, err := json.Marshal(p)
		if err != nil {
			return err
		}
		digest := digestOf(body)
		if _, err := tx.Exec(ctx, `INSERT INTO incident_report (incident, number, actor, actor_name, at, next, digest, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			v.ID, p.Number, me.ID, me.Name, store.Micros(p.At), store.Micros(p.Next), digest, string(body)); err != nil {
			return err
		}
		return record(ctx, tx, v.Incident, KindReported, Noted{Of: fmt.Sprint(p.Number), After: p.State, Digest: digest})
	})
	return p, err
}

func digestOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// Heads lists the reports of an incident, the newest first. Who calls it may see the incident.
func Heads(ctx context.Context, r store.Reader, of string) ([]Head, error) {
	return store.All(ctx, r, func(s store.Scanner) (Head, error) { return scanHead(s) },
		`SELECT number, actor_name, at, next, digest FROM incident_report WHERE incident = $1 ORDER BY number DESC LIMIT 500`, of)
}

func scanHead(s store.Scanner, more ...any) (Head, error) {
	var h Head
	var at, next int64
	err := s.Scan(append([]any{&h.Number, &h.ActorName, &at, &next, &h.Digest}, more...)...)
	h.At, h.Next = store.Time(at), store.Time(next)
	return h, err
}

// Read reads a report of an incident (by id or number), and checks that its bytes are those that were kept. Number 0 is the
// newest.
func Read(ctx context.Context, r store.Reader, of string, number int) (Head, Report, error) {
	var p Report
	i, err := incident.Brief(ctx, r, of)
	if err != nil {
		return Head{}, p, err
	}
	var w store.Where
	w.And("incident = ?", i.ID)
	if number > 0 {
		w.And("number = ?", number)
	}
	var body string
	h, err := scanHead(r.QueryRow(ctx, `SELECT number, actor_name, at, next, digest, body FROM incident_report`+w.SQL()+` ORDER BY number DESC LIMIT 1`, w.Args()...), &body)
	if err != nil {
		return h, p, fmt.Errorf("read situation report %d of %s: %w", number, i.Number, err)
	}
	if digestOf([]byte(body)) != h.Digest {
		return h, p, problem.New(problem.Conflict, "the bytes of the report are not those that were kept")
	}
	return h, p, json.Unmarshal([]byte(body), &p)
}

// report is the situation report of what a room shows.
func (v View) report(last *Report) Report {
	p := Report{Number: 1, Incident: v.Number, Title: v.Title, Exercise: v.Exercise, TLP: string(v.TLP), At: v.Now, State: word(v.State), Cyber: v.Cyber, Clinical: v.File.Clinical, Care: word(v.Care),
		Priority: v.Urgency.Text, Because: v.Urgency.Why, Known: v.known(), Unknown: v.unknown()}
	for _, a := range v.Actions {
		if a.State.InForce() {
			p.Containment = append(p.Containment, Held{a.DeviceName, fmt.Sprintf("L%d %s: %s", a.Level, a.Level.Words(), a.Target), word(a.State), a.Return, a.Record()})
		}
	}
	for _, c := range v.Clocks {
		p.Clocks = append(p.Clocks, Deadline{c.Entity, c.Duty.Title + ": " + c.Stage.Title, word(c.State), c.Latest})
	}
	for _, t := range v.Tasks[:min(len(v.Tasks), maxListed)] {
		p.Tasks = append(p.Tasks, Open{t.Title, word(t.Side), t.AssigneeName, word(t.State)})
	}
	for _, w := range v.Wards {
		for _, d := range w.Devices {
			if len(p.Devices) < maxListed {
				p.Devices = append(p.Devices, Stands{d.Name, strings.TrimSpace(w.Site + " " + w.Name), word(d.State)})
			}
		}
	}
	since := time.Time{}
	if last != nil {
		p.Number, since = last.Number+1, last.At
	}
	for _, n := range v.File.Notes {
		if n.Kind == incident.Decision && n.At.After(since) && len(p.Decisions) < maxListed {
			p.Decisions = append(p.Decisions, Decided{n.Text, n.ActorName, n.At})
		}
	}
	slices.Reverse(p.Decisions)
	p.Changed = changes(last, p)
	return p
}

func word[T ~string](s T) string { return strings.ReplaceAll(string(s), "_", " ") }

// known is what is known, in sentences.
func (v View) known() []string {
	out := []string{fmt.Sprintf("%s became aware of it on %s: %s.", v.AwareWho, stamp(v.Aware), strings.TrimSuffix(v.AwareHow, "."))}
	for _, text := range []string{v.Summary, v.Extent} {
		if text != "" {
			out = append(out, text)
		}
	}
	n := map[incident.DeviceState]int{}
	for _, d := range v.Devices {
		n[d.State]++
	}
	for _, s := range incident.DeviceStates() {
		if n[s] > 0 && s != incident.DeviceUnknown && s != incident.Suspected {
			out = append(out, fmt.Sprintf("%s: %s.", count(n[s], "device or system"), word(s)))
		}
	}
	if v.RootCause != "" {
		out = append(out, "Cause: "+v.RootCause)
	}
	if len(v.Snapshots) > 0 {
		s := v.Snapshots[0]
		out = append(out, fmt.Sprintf("Blast radius of %s on %s: %s affected, at least %d patients at once.", s.Words, stamp(s.At), count(s.Affected, "device"), s.Patients))
	}
	return out
}

// unknown is what nobody knows, in sentences.
func (v View) unknown() []string {
	var out []string
	var open, use []string
	for _, w := range v.Wards {
		for _, d := range w.Devices {
			if d.State == incident.DeviceUnknown || d.State == incident.Suspected {
				open = append(open, d.Name)
			}
			if d.Device != "" && d.InUse != product.Yes && d.InUse != product.No {
				use = append(use, d.Name)
			}
		}
	}
	if len(open) > 0 {
		out = append(out, "Whether these are compromised: "+some(open)+".")
	}
	if len(use) > 0 {
		out = append(out, "Whether these are in use, which counts as in use: "+some(use)+".")
	}
	if v.Extent == "" {
		out = append(out, "How far it reaches.")
	}
	if v.RootCause == "" {
		out = append(out, "The cause.")
	}
	if len(v.Snapshots) > 0 {
		if s := v.Snapshots[0]; s.Unknown > 0 || s.PatientsUnknown > 0 {
			out = append(out, fmt.Sprintf("Blast radius of %s: of %s it is unknown whether they are affected, of %d how many patients they serve.", s.Words, count(s.Unknown, "device"), s.PatientsUnknown))
		}
	}
	for _, f := range v.Urgency.Facts {
		if f.Value() == "" {
			out = append(out, fmt.Sprintf("%s Counts as the worst: %s.", f.Text, f.Because))
		}
	}
	facts := map[string]bool{}
	for _, c := range v.Clocks {
		if c.State == clock.MayRun {
			for _, m := range c.Missing {
				facts[word(m)] = true
			}
		}
	}
	if len(facts) > 0 {
		names := make([]string, 0, len(facts))
		for f := range facts {
			names = append(names, f)
		}
		slices.Sort(names)
		out = append(out, "Facts that decide reporting duties: "+some(names)+".")
	}
	if len(v.Blind) > 0 {
		out = append(out, fmt.Sprintf("What happened in %s since the awareness, in which sources were not seen.", count(len(v.Blind), "interval")))
	}
	return out
}

func some(all []string) string {
	if len(all) > 8 {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:8], ", "), len(all)-8)
	}
	return strings.Join(all, ", ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if strings.HasPrefix(what, "device or") {
		return fmt.Sprintf("%d devices or systems", n)
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func stamp(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

// changes says what is different from the last report.
func changes(last *Report, p Report) []string {
	if last == nil {
		return []string{"This is the first report."}
	}
	var out []string
	became := func(what, before, after string) {
		if before != after {
			out = append(out, fmt.Sprintf("%s: %s, before %s.", what, after, before))
		}
	}
	became("State", last.State, p.State)
	became("Severity, network", fmt.Sprint(last.Cyber), fmt.Sprint(p.Cyber))
	became("Severity, patients", fmt.Sprintf("C%d", last.Clinical), fmt.Sprintf("C%d", p.Clinical))
	became("Clinical work", last.Care, p.Care)
	became("Priority", last.Priority, p.Priority)
	out = append(out, differ("Known", last.Known, p.Known)...)
	out = append(out, differ("Unknown", last.Unknown, p.Unknown)...)
	out = append(out, differ("Containment", texts(last.Containment, Held.text), texts(p.Containment, Held.text))...)
	out = append(out, differ("Clock", texts(last.Clocks, Deadline.text), texts(p.Clocks, Deadline.text))...)
	out = append(out, differ("Task", texts(last.Tasks, Open.text), texts(p.Tasks, Open.text))...)
	out = append(out, differ("Device", texts(last.Devices, Stands.text), texts(p.Devices, Stands.text))...)
	if len(out) == 0 {
		return []string{"Nothing changed."}
	}
	return out
}

func texts[T any](all []T, text func(T) string) []string {
	out := make([]string, len(all))
	for i, x := range all {
		out[i] = text(x)
	}
	return out
}

func differ(what string, before, after []string) []string {
	var out []string
	for _, x := range after {
		if !slices.Contains(before, x) {
			out = append(out, what+", new: "+x)
		}
	}
	for _, x := range before {
		if !slices.Contains(after, x) {
			out = append(out, what+", no longer: "+x)
		}
	}
	return out
}

func (h Held) text() string {
	return strings.Join(append([]string{fmt.Sprintf("%s on %s, %s, returns %s.", h.Action, h.Device, h.State, stamp(h.Returns))}, h.Record...), " ")
}

func (d Deadline) text() string {
	by := "without delay"
	if !d.Latest.IsZero() {
		by = "at the latest " + stamp(d.Latest)
	}
	return fmt.Sprintf("%s, %s: %s, %s", d.Entity, d.Report, d.State, by)
}

func (o Open) text() string {
	with := o.With
	if with == "" {
		with = "nobody has accepted it"
	}
	return fmt.Sprintf("%s (%s): %s, %s", o.Title, o.Side, o.State, with)
}

func (s Stands) text() string {
	if s.Place == "" {
		return s.Name + ": " + s.State
	}
	return s.Name + ", " + s.Place + ": " + s.State
}
