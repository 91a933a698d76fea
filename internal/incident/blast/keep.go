package blast

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"triward/internal/id"
	"triward/internal/incident"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// Snapshot is a blast radius that was kept with an incident.
type Snapshot struct {
	ID              string // "bla_…"
	Incident        string
	Words           string // what was asked for
	Affected        int
	Unknown         int
	Patients        int
	PatientsUnknown int
	ActorName       string
	At              time.Time
	Digest          string // SHA-256 of the bytes, hex
}

// Keep finds a blast radius now, keeps it with an incident, and takes devices of it into the incident in the same call. "" as
// incident is refused; devices that are in the incident already stay as they are.
func (f Finder) Keep(ctx context.Context, cases incident.Cases, of string, q Query, devices []string) (string, error) {
	q.Incident = of
	v, err := f.Find(ctx, q)
	if err != nil {
		return "", err
	}
	sid, err := f.keep(ctx, of, v)
	if err != nil {
		return "", err
	}
	var in incident.File
	if err := f.DB.View(ctx, func(r store.Reader) (err error) { in, err = incident.Get(ctx, r, of); return err }); err != nil {
		return sid, err
	}
	devices = slices.DeleteFunc(slices.Clone(devices), func(d string) bool {
		return slices.ContainsFunc(in.Devices, func(x incident.Involved) bool { return x.ID == d })
	})
	if len(devices) == 0 {
		return sid, nil
	}
	return sid, cases.Involve(ctx, of, devices, nil)
}

func (f Finder) keep(ctx context.Context, of string, v Radius) (string, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(body)
	sid, err := id.New("bla")
	if err != nil {
		return "", err
	}
	return sid, f.DB.Update(ctx, func(tx *store.Tx) error {
		i, err := incident.Brief(ctx, tx, of)
		if err != nil {
			return err
		}
		if !i.State.Open() {
			return problem.New(problem.Conflict, "%s is closed", i.Number)
		}
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		s := v.Sum
		if _, err := tx.Exec(ctx, `INSERT INTO incident_blast (id, incident, words, affected, unknown, patients, patients_unknown, actor, actor_name, at, digest, body)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, sid, i.ID, v.Query.Words(), s.Affected, s.Unknown, s.Patients, s.PatientsUnknown, me.ID, me.Name,
			store.Micros(tx.Now), hex.EncodeToString(sum[:]), string(body)); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindKept, Subject: i.ID, Site: i.Site, Product: i.Product,
			Body: Kept{i.Number, i.Exercise, sid, v.Query.Words(), s.Affected, s.Unknown, hex.EncodeToString(sum[:])}})
		return err
	})
}

const snapshotColumns = `id, incident, words, affected, unknown, patients, patients_unknown, actor_name, at, digest`

func scanSnapshot(s store.Scanner, more ...any) (Snapshot, error) {
	var v Snapshot
	var at int64
	err := s.Scan(append([]any{&v.ID, &v.Incident, &v.Words, &v.Affected, &v.Unknown, &v.Patients, &v.PatientsUnknown, &v.ActorName, &at, &v.Digest}, more...)...)
	v.At = store.Time(at)
	return v, err
}

// Snapshots reads the blast radii that were kept with an incident, the newest first. Who calls it may see the incident.
func Snapshots(ctx context.Context, r store.Reader, of string) ([]Snapshot, error) {
	return store.All(ctx, r, func(s store.Scanner) (Snapshot, error) { return scanSnapshot(s) },
		`SELECT `+snapshotColumns+` FROM incident_blast WHERE incident = $1 ORDER BY at DESC, id DESC`, of)
}

// Open reads a snapshot whole, and checks that its bytes are those that were kept.
func Open(ctx context.Context, r store.Reader, snapshot string) (Snapshot, Radius, error) {
	var body string
	var v Radius
	s, err := scanSnapshot(r.QueryRow(ctx, `SELECT `+snapshotColumns+`, body FROM incident_blast WHERE id = $1`, snapshot), &body)
	if err != nil {
		return s, v, fmt.Errorf("read blast radius %q: %w", snapshot, err)
	}
	if _, err := incident.Brief(ctx, r, s.Incident); err != nil {
		return s, v, err
	}
	sum := sha256.Sum256([]byte(body))
	if hex.EncodeToString(sum[:]) != s.Digest {
		return s, v, problem.New(problem.Conflict, "the bytes of the blast radius are not those that were kept")
	}
	return s, v, json.Unmarshal([]byte(body), &v)
}
