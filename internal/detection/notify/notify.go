package notify

import (
	"context"
	"encoding/json"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"triward/internal/detection"
	"triward/internal/id"
	"triward/internal/people/mail"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// Way is how a target is told.
type Way string

// The closed list of ways.
const (
	Mail    Way = "mail"
	Webhook Way = "webhook" // POST of JSON, signed
	Syslog  Way = "syslog"  // CEF inside RFC 5424, for a SIEM
)

// Ways lists the ways.
func Ways() []Way { return []Way{Mail, Webhook, Syslog} }

// The kinds of events of this package.
const (
	KindAdded   = "detection.target_added"
	KindRemoved = "detection.target_removed"
)

// Target is who is told about which alerts.
type Target struct {
	ID      string // "ntf_…"
	Name    string
	Way     Way
	Address string // an e-mail address, an https address, or udp://, tcp:// or tls:// with host and port
	Secret  string // of a webhook: the key of its signatures; never shown again
	Least   detection.Level
	Site    string // only alerts of this site; "" for all
	// Quiet hours, in minutes of the day in Zone; equal: none. Critical alerts do not wait.
	QuietFrom, QuietTo int
	Zone               string
	Inside             bool // the address may be one of the hospital's own network
	At                 time.Time
}

// Validate reports every fault.
func (t Target) Validate() error {
	var l problem.List
	if strings.TrimSpace(t.Name) == "" {
		l.Add("name", "is required")
	}
	product.Text(&l, "name", t.Name, 200)
	product.Text(&l, "address", t.Address, 1_000)
	product.OneOf(&l, "way", t.Way, Ways())
	product.OneOf(&l, "least", t.Least, detection.Levels())
	switch t.Way {
	case Mail:
		if mail.CheckAddress(t.Address) != nil {
			l.Add("address", "must be an e-mail address")
		}
	case Webhook:
		if u, err := url.Parse(t.Address); err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && !(u.Scheme == "http" && t.Inside) {
			l.Add("address", "must be an https address; http only within the own network")
		}
		if len(t.Secret) < 16 || len(t.Secret) > 200 {
			l.Add("secret", "must have 16 to 200 characters: the receiver checks signatures with it")
		}
	case Syslog:
		u, err := url.Parse(t.Address)
		if err != nil || !slices.Contains([]string{"udp", "tcp", "tls"}, u.Scheme) {
			l.Add("address", "must begin with udp://, tcp:// or tls://")
		} else if _, _, err := net.SplitHostPort(u.Host); err != nil {
			l.Add("address", "must name a host and a port")
		}
	}
	if t.QuietFrom < 0 || t.QuietFrom >= 24*60 || t.QuietTo < 0 || t.QuietTo >= 24*60 {
		l.Add("quiet_from", "must be times of the day")
	}
	if _, err := time.LoadLocation(t.Zone); err != nil {
		l.Add("zone", "must be a time zone such as Europe/Berlin")
	}
	return l.Err("the target is not valid")
}

// Message is what is told about an alert.
type Message struct {
	Key   string          `json:"key"`  // says the same of the same
	What  string          `json:"what"` // opened, reported, escalated, reopened
	Alert string          `json:"alert"`
	Title string          `json:"title"`
	Level detection.Level `json:"level"`
	At    time.Time       `json:"at"`
}

// Desk keeps the targets and delivers.
type Desk struct {
	DB *store.DB
	// Carry sends a message; what it returns goes into the log. It does the network work, outside of any transaction.
	Carry func(ctx context.Context, t Target, m Message) error
}

// Add adds a target.
func (d Desk) Add(ctx context.Context, t Target) (string, error) {
	if err := t.Validate(); err != nil {
		return "", err
	}
	tid, err := id.New("ntf")
	if err != nil {
		return "", err
	}
	return tid, d.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO notify_target (id, name, way, address, secret, least, site, quiet_from, quiet_to, zone, inside, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			tid, t.Name, string(t.Way), t.Address, t.Secret, string(t.Least), t.Site, t.QuietFrom, t.QuietTo, t.Zone, t.Inside, store.Micros(tx.Now)); err != nil {
			return err
		}
		_, err := tx.Record(ctx, store.Event{Kind: KindAdded, Subject: tid, Site: t.Site, Body: map[string]string{"name": t.Name, "way": string(t.Way), "least": string(t.Least)}})
		return err
	})
}

// Remove removes a target. What waits for it is not told any more.
func (d Desk) Remove(ctx context.Context, target string) error {
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		t, err := scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM notify_target WHERE id = $1`, target))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM notify_target WHERE id = $1`, target); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindRemoved, Subject: target, Site: t.Site, Body: map[string]string{"name": t.Name}})
		return err
	})
}

const columns = `id, name, way, address, secret, least, site, quiet_from, quiet_to, zone, inside, at`

func scan(s store.Scanner) (Target, error) {
	var t Target
	var at int64
	err := s.Scan(&t.ID, &t.Name, &t.Way, &t.Address, &t.Secret, &t.Least, &t.Site, &t.QuietFrom, &t.QuietTo, &t.Zone, &t.Inside, &at)
	t.At = store.Time(at)
	return t, err
}

func targets(ctx context.Context, r store.Reader) ([]Target, error) {
	return store.All(ctx, r, scan, `SELECT `+columns+` FROM notify_target ORDER BY name, id`)
}

// Targets reads the targets, without their secrets, for those who may read detection everywhere.
func Targets(ctx context.Context, r store.Reader) ([]Target, error) {
	if err := detection.MayRead(ctx, detection.KindRead, ""); err != nil {
		return nil, err
	}
	all, err := targets(ctx, r)
	for i := range all {
		all[i].Secret = ""
	}
	return all, err
}

// told are the kinds of events that are told, each with its word.
func told() map[string]string {
	return map[string]string{detection.KindAlertOpened: "opened", detection.KindAlertReported: "reported", detection.KindAlertEscalated: "escalated", detection.KindAlertReopened: "reopened"}
}

// Follower puts what is to be told into the log of deliveries.
func Follower() store.Follower {
	kinds := []string{detection.KindAlertOpened, detection.KindAlertReported, detection.KindAlertEscalated, detection.KindAlertReopened}
	return store.Follower{Name: "detection.notify", Kinds: kinds, Derive: derive}
}

func derive(ctx context.Context, b *store.Bulk, entries []store.Entry) error {
	all, err := targets(ctx, b)
	if err != nil || len(all) == 0 {
		return err
	}
	for _, e := range entries {
		var n detection.AlertNoted
		if json.Unmarshal(e.Body, &n) != nil { // its body was erased by law: nothing is told of it
			continue
		}
		if n.Exercise { // nothing of an exercise is told outside
			continue
		}
		title := n.Title
		if n.Rule == "" { // a person wrote it
			title = "An alert that a person reported"
		}
		for _, t := range all {
			if !t.wants(n.Level, e.Site) || e.At.Before(t.At) {
				continue
			}
			if _, err := b.Exec(ctx, `INSERT INTO notify_delivery (target, entry, alert, what, title, level, exercise, at, state, attempts, next, sent, fault)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', 0, $9, 0, '') ON CONFLICT (target, entry) DO NOTHING`,
				t.ID, e.Seq, e.Subject, told()[e.Kind], title, string(n.Level), false, store.Micros(e.At), store.Micros(t.opens(n.Level, e.At))); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t Target) wants(l detection.Level, site string) bool {
	levels := detection.Levels()
	return slices.Index(levels, l) <= slices.Index(levels, t.Least) && (t.Site == "" || t.Site == site)
}

// opens is when a message may go out: at once, or when the quiet hours end.
func (t Target) opens(l detection.Level, at time.Time) time.Time {
	zone, err := time.LoadLocation(t.Zone)
	if l == detection.Critical || t.QuietFrom == t.QuietTo || err != nil {
		return at
	}
	local := at.In(zone)
	minute := local.Hour()*60 + local.Minute()
	quiet := minute >= t.QuietFrom && minute < t.QuietTo
	if t.QuietFrom > t.QuietTo {
		quiet = minute >= t.QuietFrom || minute < t.QuietTo
	}
	if !quiet {
		return at
	}
	end := time.Date(local.Year(), local.Month(), local.Day(), t.QuietTo/60, t.QuietTo%60, 0, 0, zone)
	if !end.After(local) {
		end = end.AddDate(0, 0, 1)
	}
	return end.UTC()
}

// Delivery is one message to one target in the log.
type Delivery struct {
	Target, Name string
	Message      Message
	State        string // waiting, sent, failed
	Attempts     int
	Next, Sent   time.Time
	Fault        string

	entry int64
}

const deliveryColumns = `n.target, coalesce(t.name, 'removed'), n.entry, n.alert, n.what, n.title, n.level, n.at, n.state, n.attempts, n.next, n.sent, n.fault`

func scanDelivery(s store.Scanner) (Delivery, error) {
	var d Delivery
	var at, next, sent int64
	err := s.Scan(&d.Target, &d.Name, &d.entry, &d.Message.Alert, &d.Message.What, &d.Message.Title, &d.Message.Level, &at, &d.State, &d.Attempts, &next, &sent, &d.Fault)
	d.Message.At, d.Next, d.Sent = store.Time(at), store.Time(next), store.Time(sent)
	d.Message.Key = d.Target + "-" + strconv.FormatInt(d.entry, 10)
	return d, err
}

// Log reads the latest deliveries.
func Log(ctx context.Context, r store.Reader) ([]Delivery, error) {
	if err := detection.MayRead(ctx, detection.KindRead, ""); err != nil {
		return nil, err
	}
	return store.All(ctx, r, scanDelivery, `SELECT `+deliveryColumns+` FROM notify_delivery n LEFT JOIN notify_target t ON t.id = n.target ORDER BY n.at DESC, n.target LIMIT 100`)
}

// Bounds of delivering.
const (
	atOnce   = 50
	giveUp   = 24 * time.Hour
	keptFor  = 90 * 24 * time.Hour
	firstGap = 30 * time.Second
	mostGap  = time.Hour
)

// Deliver sends what is due.
func (d Desk) Deliver(ctx context.Context) error {
	now := d.DB.Now()
	var due []Delivery
	to := map[string]Target{}
	err := d.DB.View(ctx, func(r store.Reader) error {
		all, err := targets(ctx, r)
		if err != nil {
			return err
		}
		for _, t := range all {
			to[t.ID] = t
		}
		due, err = store.All(ctx, r, scanDelivery, `SELECT `+deliveryColumns+` FROM notify_delivery n LEFT JOIN notify_target t ON t.id = n.target
			WHERE n.state = 'waiting' AND n.next <= $1 ORDER BY n.next, n.entry LIMIT $2`, store.Micros(now), atOnce)
		return err
	})
	if err != nil {
		return err
	}
	for _, v := range due {
		t, ok := to[v.Target]
		fault := problem.New(problem.NotFound, "the target was removed").Error()
		if ok {
			fault = ""
			if err := d.Carry(ctx, t, v.Message); err != nil {
				fault = problem.Text(err)
			}
		}
		if err := d.note(ctx, v, fault); err != nil {
			return err
		}
	}
	return d.DB.Bulk(ctx, func(b *store.Bulk) error {
		_, err := b.Exec(ctx, `DELETE FROM notify_delivery WHERE at < $1`, store.Micros(now.Add(-keptFor)))
		return err
	})
}

func (d Desk) note(ctx context.Context, v Delivery, fault string) error {
	now := d.DB.Now()
	state, sent, next := "sent", now, time.Time{}
	if fault != "" {
		state, sent = "waiting", time.Time{}
		next = now.Add(min(firstGap<<min(v.Attempts, 7), mostGap))
		if next.Sub(v.Message.At) > giveUp || fault == "the target was removed" {
			state = "failed"
		}
	}
	return d.DB.Bulk(ctx, func(b *store.Bulk) error {
		_, err := b.Exec(ctx, `UPDATE notify_delivery SET state = $3, attempts = attempts + 1, next = $4, sent = $5, fault = $6 WHERE target = $1 AND entry = $2`,
			v.Target, v.entry, state, store.Micros(next), store.Micros(sent), fault)
		return err
	})
}
