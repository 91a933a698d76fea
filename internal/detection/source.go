package detection

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// Transport is how events come.
type Transport string

// The closed list of transports.
const (
	SyslogUDP Transport = "syslog_udp"
	SyslogTCP Transport = "syslog_tcp"
	SyslogTLS Transport = "syslog_tls"
	HTTP      Transport = "http"
	File      Transport = "file"
)

// Transports lists the transports.
func Transports() []Transport { return []Transport{SyslogUDP, SyslogTCP, SyslogTLS, HTTP, File} }

// Formats lists what a source may be said to send; "" lets each record be looked at.
func Formats() []string {
	return []string{"syslog", "atna", "fhir", "zeek", "eve", "windows", "cef", "json"}
}

// SourceState is where a source stands.
type SourceState string

// The closed list of states.
const (
	SourceNew     SourceState = "new" // nobody has confirmed it
	SourceActive  SourceState = "active"
	SourceMuted   SourceState = "muted" // its silence raises no alert for a time; its events are taken
	SourceRetired SourceState = "retired"
)

// SourceStates lists the states in their order of life.
func SourceStates() []SourceState {
	return []SourceState{SourceNew, SourceActive, SourceMuted, SourceRetired}
}

// Source is where events come from.
type Source struct {
	ID        string // "src_…"
	Name      string
	Transport Transport
	// Identity is what the sender proves or shows itself by: an address (syslog over UDP or TCP), the SHA-256 fingerprint
	// of its certificate (TLS), the id of its API token (HTTP), a name (files).
	Identity string
	Format   string        // of [Formats]; "": each record is looked at
	Zone     string        // IANA time zone of records that name none; "": UTC
	Site     string        // where it stands, "" when not known
	Hourly   int64         // records an hour that are expected, 0 when not known
	Silence  time.Duration // how long it may say nothing; 0: as long as it likes
	State    SourceState
	Until    time.Time // muted until
	Reason   string    // of the state
	Owner    string
	Note     string
	At       time.Time
	Changed  time.Time
}

// Now is what the pipeline last saw of a source.
type Now struct {
	Seen      time.Time     // when something last came
	Event     time.Time     // the latest time that a record named
	Lag       time.Duration // between taking and storing the latest batch
	Skew      time.Duration // the source's clock minus ours
	SkewKnown bool
	Accepted  int64
	Stored    int64
	Faults    int64 // records that could not be decoded; they are kept
	Lost      int64 // before they were accepted, as far as it was counted
	Bytes     int64
}

// Limits of what people may say.
const (
	maxName     = 200
	maxText     = 4_000
	maxIdentity = 300
	maxNew      = 1_000 // sources that wait for somebody to confirm them
)

// Validate reports every fault.
func (s Source) Validate() error {
	var l problem.List
	need(&l, "name", s.Name, maxName)
	need(&l, "identity", s.Identity, maxIdentity)
	product.OneOf(&l, "transport", s.Transport, Transports())
	if s.Format != "" && !slices.Contains(Formats(), s.Format) {
		l.Add("format", "must be %s", strings.Join(Formats(), ", "))
	}
	if _, err := time.LoadLocation(s.Zone); err != nil || len(s.Zone) > 64 {
		l.Add("zone", "must be a time zone such as Europe/Berlin")
	}
	if s.Hourly < 0 || s.Hourly > 1e12 {
		l.Add("hourly", "must be a number of records an hour")
	}
	if s.Silence != 0 && (s.Silence < time.Minute || s.Silence > 90*24*time.Hour) {
		l.Add("silence", "must be between one minute and 90 days")
	}
	if s.Transport == SyslogUDP || s.Transport == SyslogTCP {
		if _, err := netip.ParseAddr(s.Identity); err != nil {
			l.Add("identity", "must be an IP address")
		}
	}
	text(&l, "owner", s.Owner, maxName)
	text(&l, "note", s.Note, maxText)
	return l.Err("the source is not valid")
}

func need(l *problem.List, path, value string, most int) {
	if strings.TrimSpace(value) == "" {
		l.Add(path, "is required")
	}
	text(l, path, value, most)
}

func text(l *problem.List, path, value string, most int) {
	if len(value) > most {
		l.Add(path, "is longer than %d characters", most)
	}
}

// Sources keeps where events come from.
type Sources struct{ DB *store.DB }

// Add names a source before its first event; it is active at once.
func (s Sources) Add(ctx context.Context, v Source) (string, error) {
	return s.add(ctx, v, KindSourceAdded)
}

func (s Sources) add(ctx context.Context, v Source, kind string) (string, error) {
	v.Identity = canonical(v.Transport, v.Identity)
	if err := v.Validate(); err != nil {
		return "", err
	}
	var err error
	if v.ID, err = id.New("src"); err != nil {
		return "", err
	}
	v.State = SourceActive
	if kind == KindSourceFound {
		v.State = SourceNew
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		v.At, v.Changed = tx.Now, tx.Now
		taken, err := store.All(ctx, tx, store.Value[string], `SELECT name FROM event_source WHERE transport = $1 AND identity = $2 AND state <> 'retired'`, string(v.Transport), v.Identity)
		if err != nil {
			return err
		}
		if len(taken) > 0 {
			return problem.New(problem.Conflict, "%s has this identity already", taken[0])
		}
		if err := insertSource(ctx, tx, v); err != nil {
			return err
		}
		return recordSource(ctx, tx, kind, v, nil)
	})
	return v.ID, err
}

// canonical writes an identity in one way, so that one sender is one source.
func canonical(t Transport, identity string) string {
	identity = strings.TrimSpace(identity)
	if t == SyslogTLS {
		return strings.ToLower(strings.ReplaceAll(identity, ":", ""))
	}
	if a, err := netip.ParseAddr(identity); err == nil {
		return a.Unmap().WithZone("").String()
	}
	return identity
}

// Met is the source that a sender is. A sender that is not known becomes a new source, so that nothing of it is lost;
// Unavailable when too many new ones wait for somebody to confirm them.
func (s Sources) Met(ctx context.Context, t Transport, identity string) (Source, error) {
	identity = canonical(t, identity)
	find := func(r store.Reader) (Source, error) {
		return sourceRow(ctx, r, `WHERE transport = $1 AND identity = $2 AND state <> 'retired'`, string(t), identity)
	}
	var found Source
	err := s.DB.View(ctx, func(r store.Reader) (err error) {
		if found, err = find(r); problem.KindOf(err) != problem.NotFound {
			return err
		}
		var n int
		if err := r.QueryRow(ctx, `SELECT count(*) FROM event_source WHERE state = 'new'`).Scan(&n); err != nil {
			return err
		}
		if n >= maxNew {
			return problem.New(problem.Unavailable, "%d senders wait to be confirmed as sources: no more are taken", n)
		}
		return nil
	})
	if err != nil || found.ID != "" {
		return found, err
	}
	_, err = s.add(ctx, Source{Name: string(t) + " " + identity, Transport: t, Identity: identity}, KindSourceFound)
	if err != nil && problem.KindOf(err) != problem.Conflict { // another process met it too
		return Source{}, err
	}
	err = s.DB.View(ctx, func(r store.Reader) (err error) { found, err = find(r); return err })
	return found, err
}

// Change replaces what people say of a source: everything but its id, state and dates.
func (s Sources) Change(ctx context.Context, v Source) error {
	v.Identity = canonical(v.Transport, v.Identity)
	if err := v.Validate(); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		old, err := source(ctx, tx, v.ID)
		if err != nil {
			return err
		}
		v.State, v.Until, v.Reason, v.At, v.Changed = old.State, old.Until, old.Reason, old.At, tx.Now
		c := old.changes(v)
		if len(c) == 0 {
			return nil
		}
		if err := updateSource(ctx, tx, v); err != nil {
			return err
		}
		return recordSource(ctx, tx, KindSourceChanged, v, c)
	})
}

func (s Source) changes(after Source) product.Changes {
	var c product.Changes
	c.Note("name", s.Name, after.Name)
	c.Note("transport", string(s.Transport), string(after.Transport))
	c.Note("identity", s.Identity, after.Identity)
	c.Note("format", s.Format, after.Format)
	c.Note("zone", s.Zone, after.Zone)
	c.Note("site", s.Site, after.Site)
	c.Note("hourly", number(s.Hourly), number(after.Hourly))
	c.Note("silence", s.Silence.String(), after.Silence.String())
	c.Note("owner", s.Owner, after.Owner)
	c.Note("note", s.Note, after.Note)
	return c
}

// Confirm makes a new source an active one, and ends the mute of a muted one.
func (s Sources) Confirm(ctx context.Context, source string) error {
	return s.move(ctx, source, func(v *Source, now time.Time) (string, error) {
		if v.State != SourceNew && v.State != SourceMuted {
			return "", problem.New(problem.Conflict, "the source is %s", v.State)
		}
		v.State, v.Until, v.Reason = SourceActive, time.Time{}, ""
		return KindSourceConfirmed, nil
	})
}

// maxMute bounds how long silence may go unnoticed.
const maxMute = 90 * 24 * time.Hour

// Mute keeps the silence of a source from raising alerts until an instant. Its blind intervals are still kept.
func (s Sources) Mute(ctx context.Context, source string, until time.Time, reason string) error {
	return s.move(ctx, source, func(v *Source, now time.Time) (string, error) {
		var l problem.List
		need(&l, "reason", reason, maxText)
		expiry(&l, "until", now, until)
		if err := l.Err("the source cannot be muted"); err != nil {
			return "", err
		}
		if v.State == SourceRetired {
			return "", problem.New(problem.Conflict, "the source is retired")
		}
		v.State, v.Until, v.Reason = SourceMuted, until, reason
		return KindSourceMuted, nil
	})
}

// expiry checks the end of something that must end.
func expiry(l *problem.List, path string, now, until time.Time) {
	switch {
	case until.IsZero():
		l.Add(path, "is required: it must end")
	case !until.After(now):
		l.Add(path, "lies in the past")
	case until.After(now.Add(maxMute)):
		l.Add(path, "may be at most 90 days ahead")
	}
}

// Retire ends a source. What it sent stays; a sender with its identity is a new source.
func (s Sources) Retire(ctx context.Context, source, reason string) error {
	return s.move(ctx, source, func(v *Source, now time.Time) (string, error) {
		var l problem.List
		need(&l, "reason", reason, maxText)
		if err := l.Err("the source cannot be retired"); err != nil {
			return "", err
		}
		if v.State == SourceRetired {
			return "", problem.New(problem.Conflict, "the source is retired already")
		}
		v.State, v.Until, v.Reason = SourceRetired, time.Time{}, reason
		return KindSourceRetired, nil
	})
}

func (s Sources) move(ctx context.Context, sid string, step func(v *Source, now time.Time) (string, error)) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		v, err := source(ctx, tx, sid)
		if err != nil {
			return err
		}
		kind, err := step(&v, tx.Now)
		if err != nil {
			return err
		}
		v.Changed = tx.Now
		if err := updateSource(ctx, tx, v); err != nil {
			return err
		}
		return recordSource(ctx, tx, kind, v, nil)
	})
}

func recordSource(ctx context.Context, tx *store.Tx, kind string, v Source, c product.Changes) error {
	body := SourceNoted{Name: v.Name, Transport: string(v.Transport), Identity: v.Identity, State: string(v.State), Reason: v.Reason, Until: Instant(v.Until)}
	if len(c) > 0 {
		body.Changes = c
	}
	_, err := tx.Record(ctx, store.Event{Kind: kind, Subject: v.ID, Site: v.Site, Body: body})
	return err
}

// Instant is a time in a body, "" for the zero time.
func Instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
