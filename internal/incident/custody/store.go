package custody

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"triward/internal/incident"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

const columns = `id, incident, exhibit, parent, kind, description, device, source, authority, method, began, ended, skew, skew_known, patients, tlp, seal, place, holder, holder_name,
	state, before_broken, file, size, sha256, progress, hold, retain_until, destroyer, destroyer_name, verified, entries, head, changed, details, pap, expected, with_sha512, sha512, receipt`

func scan(s store.Scanner) (Item, error) {
	var i Item
	var began, ended, skew, retain, verified, changed int64
	var details string
	err := s.Scan(&i.ID, &i.Incident, &i.Exhibit, &i.Parent, &i.Kind, &i.Description, &i.Device, &i.Source, &i.Authority, &i.Method, &began, &ended, &skew, &i.SkewKnown, &i.Patients,
		&i.TLP, &i.Seal, &i.Place, &i.Holder, &i.HolderName, &i.State, &i.broke, &i.File, &i.Size, &i.SHA256, &i.progress, &i.Hold, &retain, &i.Destroyer, &i.DestroyerBy,
		&verified, &i.Entries, &i.Head, &changed, &details, &i.PAP, &i.Expected, &i.WithSHA512, &i.SHA512, &i.Receipt)
	if err != nil {
		return i, err
	}
	i.Began, i.Ended, i.RetainUntil, i.Verified, i.Changed = store.Time(began), store.Time(ended), store.Time(retain), store.Time(verified), store.Time(changed)
	i.Skew = time.Duration(skew) * time.Microsecond
	return i, json.Unmarshal([]byte(details), &i.Details)
}

// one reads an item whose incident the actor may see.
func one(ctx context.Context, r store.Reader, id string) (Item, incident.Incident, error) {
	i, err := scan(r.QueryRow(ctx, `SELECT `+columns+` FROM evidence_item WHERE id = $1`, id))
	if err != nil {
		return i, incident.Incident{}, fmt.Errorf("read evidence %q: %w", id, err)
	}
	f, err := mayRead(ctx, r, i.Incident)
	if err == nil {
		err = i.readable(ctx, r, f)
	}
	if err != nil {
		return Item{}, f, err
	}
	k, err := keepOf(ctx, r, f)
	if err != nil {
		return i, f, err
	}
	i.keep(k)
	i.Keys, err = store.All(ctx, r, store.Value[string], `SELECT DISTINCT recipient FROM evidence_part WHERE item = $1 AND recipient <> '' ORDER BY recipient`, i.ID)
	return i, f, err
}

// keep fills in what an item is kept for.
func (i *Item) keep(k Keep) {
	i.Keep = k
	i.Keep.Held = k.Held || i.Hold
	if i.RetainUntil.After(k.Until) {
		i.Keep.Until = i.RetainUntil
	}
}

// keepOf is what an incident, and those that it is a duplicate of, keep their evidence for. Who may see the duplicate learns
// that of the other ones.
func keepOf(ctx context.Context, r store.Reader, f incident.Incident) (Keep, error) {
	var k Keep
	k.add(f)
	ctx = store.WithActor(ctx, store.System("custody"))
	for f.SameAs != "" { // a duplicate is made of what is none, so this ends
		var err error
		if f, err = incident.Brief(ctx, r, f.SameAs); err != nil {
			return k, err
		}
		k.add(f)
	}
	return k, nil
}

// mayRead gives the incident when the actor may see it and its evidence.
func mayRead(ctx context.Context, r store.Reader, of string) (incident.Incident, error) {
	s, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return incident.Incident{}, err
	}
	f, err := incident.Brief(ctx, r, of)
	if err == nil && !s.Covers(f.Site, f.Product) {
		err = problem.New(problem.Forbidden, "your role does not cover the evidence of this incident")
	}
	return f, err
}

// readable refuses an item marked TLP:RED to everybody but those who are named in its incident, who holds it, and who did
// something in its chain of custody.
func (i Item) readable(ctx context.Context, r store.Reader, f incident.Incident) error {
	if i.TLP != incident.Red {
		return nil
	}
	refused := incident.ForNamed(ctx, r, f, i.Exhibit)
	if problem.KindOf(refused) != problem.Forbidden {
		return refused
	}
	a, _ := store.ActorOf(ctx)
	me, err := people.Person(ctx, r, a)
	if err != nil {
		return err
	}
	if i.Holder == me.ID {
		return nil
	}
	chain, err := entries(ctx, r, i.ID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(chain, func(e Entry) bool { return e.Actor == me.ID }) {
		return nil
	}
	return refused
}

// withhold leaves of an item that the actor must not read only that it is there, how it stands and whom to ask.
func (i Item) withhold(ctx context.Context, r store.Reader, f incident.Incident) (Item, error) {
	err := i.readable(ctx, r, f)
	if problem.KindOf(err) != problem.Forbidden {
		return i, err
	}
	return Item{ID: i.ID, Incident: i.Incident, Exhibit: i.Exhibit, Withheld: true, Description: "Withheld (TLP:RED): ask " + f.OwnerName, Kind: i.Kind, TLP: i.TLP, PAP: i.PAP,
		Holder: i.Holder, HolderName: i.HolderName, State: i.State, Size: i.Size, SHA256: i.SHA256, Hold: i.Hold, RetainUntil: i.RetainUntil, Keep: i.Keep, Verified: i.Verified,
		Entries: i.Entries, Head: i.Head, Changed: i.Changed}, nil
}

func put(ctx context.Context, tx *store.Tx, i Item) error {
	details, err := json.Marshal(i.Details)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO evidence_item (`+columns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40)
		ON CONFLICT (id) DO UPDATE SET seal = excluded.seal, place = excluded.place, holder = excluded.holder, holder_name = excluded.holder_name, state = excluded.state,
			before_broken = excluded.before_broken, file = excluded.file, size = excluded.size, sha256 = excluded.sha256, progress = excluded.progress, hold = excluded.hold,
			retain_until = excluded.retain_until, destroyer = excluded.destroyer, destroyer_name = excluded.destroyer_name, verified = excluded.verified,
			entries = excluded.entries, head = excluded.head, changed = excluded.changed, expected = excluded.expected, sha512 = excluded.sha512, receipt = excluded.receipt`,
		i.ID, i.Incident, i.Exhibit, i.Parent, string(i.Kind), i.Description, i.Device, i.Source, i.Authority, i.Method, store.Micros(i.Began), store.Micros(i.Ended),
		i.Skew.Microseconds(), i.SkewKnown, string(i.Patients), string(i.TLP), i.Seal, i.Place, i.Holder, i.HolderName, string(i.State), string(i.broke), i.File, i.Size, i.SHA256,
		i.progress, i.Hold, store.Micros(i.RetainUntil), i.Destroyer, i.DestroyerBy, store.Micros(i.Verified), i.Entries, i.Head, store.Micros(i.Changed),
		string(details), string(i.PAP), i.Expected, i.WithSHA512, i.SHA512, i.Receipt)
	return err
}

// part is a stretch of an item's content.
type part struct {
	begins, size int64
	blob         string
	key          string // the recipient that it is encrypted for; "" where that was not kept
}

const partColumns = `begins, size, blob, recipient`

func scanPart(s store.Scanner) (p part, err error) {
	err = s.Scan(&p.begins, &p.size, &p.blob, &p.key)
	return p, err
}

func parts(ctx context.Context, r store.Reader, item string) ([]part, error) {
	return store.All(ctx, r, scanPart, `SELECT `+partColumns+` FROM evidence_part WHERE item = $1 ORDER BY begins`, item)
}

func putPart(ctx context.Context, tx *store.Tx, item string, p part) error {
	_, err := tx.Exec(ctx, `INSERT INTO evidence_part (item, `+partColumns+`) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (item, begins) DO UPDATE SET blob = excluded.blob, recipient = excluded.recipient`, item, p.begins, p.size, p.blob, p.key)
	return err
}

func insertEntry(ctx context.Context, tx *store.Tx, e Entry, body string) error {
	_, err := tx.Exec(ctx, `INSERT INTO custody_entry (item, seq, body, hash) VALUES ($1, $2, $3, $4)`, e.Item, e.Seq, body, e.Hash)
	return err
}

// Chain reads the chain of custody of an item, the first entry first.
func Chain(ctx context.Context, r store.Reader, item string) ([]Entry, error) {
	if _, _, err := one(ctx, r, item); err != nil {
		return nil, err
	}
	return entries(ctx, r, item)
}

func entries(ctx context.Context, r store.Reader, item string) ([]Entry, error) {
	return store.All(ctx, r, func(s store.Scanner) (Entry, error) {
		var body, hash string
		if err := s.Scan(&body, &hash); err != nil {
			return Entry{}, err
		}
		var e Entry
		err := json.Unmarshal([]byte(body), &e)
		e.Hash = hash
		return e, err
	}, `SELECT body, hash FROM custody_entry WHERE item = $1 ORDER BY seq`, item)
}

// Signed gives the numbers of the entries of the journal that hold the entries of a chain, in its order. The journal is a tree
// whose head is signed: that signs every entry of custody (package ledger).
func Signed(ctx context.Context, r store.Reader, item string) ([]int64, error) {
	if _, _, err := one(ctx, r, item); err != nil {
		return nil, err
	}
	var out []int64
	q := store.JournalQuery{Subject: item, Limit: 1000}
	for {
		page, err := store.Journal(ctx, r, q)
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			q.After = e.Seq
			var body struct {
				Seq  int    `json:"seq"`
				Hash string `json:"hash"`
			}
			if err := json.Unmarshal(e.Body, &body); err == nil && body.Seq == len(out)+1 && body.Hash != "" { // others hold no entry
				out = append(out, e.Seq)
			}
		}
		if len(page) < q.Limit {
			return out, nil
		}
	}
}

// Get reads an item.
func Get(ctx context.Context, r store.Reader, item string) (Item, error) {
	i, _, err := one(ctx, r, item)
	return i, err
}

// Glance reads of an item what [List] tells of it.
func Glance(ctx context.Context, r store.Reader, item string) (Item, error) {
	i, err := scan(r.QueryRow(ctx, `SELECT `+columns+` FROM evidence_item WHERE id = $1`, item))
	if err != nil {
		return i, fmt.Errorf("read evidence %q: %w", item, err)
	}
	f, err := mayRead(ctx, r, i.Incident)
	if err != nil {
		return Item{}, err
	}
	return i.withhold(ctx, r, f)
}

// Preserves says whether something of a device or system of an incident lies under seal, or lay so when it was handed on, with
// its integrity whole. Copies and what was made from others preserve nothing. involved is as in [incident.Involved].ID. It asks
// for no permission: it says of no item what it is.
func (Vault) Preserves(ctx context.Context, r store.Reader, of, involved string) (bool, error) {
	if involved == "" {
		return false, nil
	}
	n, err := store.Value[int](r.QueryRow(ctx, `SELECT count(*) FROM evidence_item WHERE incident = $1 AND device = $2 AND state IN ('sealed', 'checked_out', 'released') AND kind NOT IN ('working_copy', 'derived')`, of, involved))
	return n > 0, err
}

// List reads the evidence of an incident that the actor may see, in the order of the exhibits. Of what is marked TLP:RED for
// others it tells that it is there and how it stands.
func List(ctx context.Context, r store.Reader, of string) ([]Item, error) {
	f, err := mayRead(ctx, r, of)
	if err != nil {
		return nil, err
	}
	k, err := keepOf(ctx, r, f)
	if err != nil {
		return nil, err
	}
	all, err := store.All(ctx, r, scan, `SELECT `+columns+` FROM evidence_item WHERE incident = $1 ORDER BY length(exhibit), exhibit`, f.ID) // "…/10" after "…/9"
	if err != nil {
		return nil, err
	}
	for n := range all {
		all[n].keep(k)
		if all[n], err = all[n].withhold(ctx, r, f); err != nil {
			return nil, err
		}
	}
	return all, nil
}
