package report

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"triward/internal/incident"
	"triward/internal/people"
	"triward/internal/store"
)

// Desk is where notices and activities come together.
type Desk struct {
	DB      *store.DB
	Sources []Source // of packages that this one cannot know
	Works   []Work
}

// Notice is something that concerns a person.
type Notice struct {
	Key     string // says the same of the same
	Kind    string // of its source
	Title   string
	Detail  string
	Subject string // id of what it is about, or the name of a list ("contradictions")
	At      time.Time
	Urgent  bool
	Read    bool
}

// Exercise says whether the notice is of an exercise: it is shown here with its mark, and nobody is written to about it.
func (n Notice) Exercise() bool { return strings.HasPrefix(n.Title, incident.ExerciseMark) }

// Source is one kind of thing that can concern somebody.
type Source struct {
	Kind  string
	Needs string // event kinds of which one is needed, joined by "|"; "" is for everybody
	Read  func(ctx context.Context, q Asked) ([]Notice, error)
}

// Asked is for whom and when notices and activities are read.
type Asked struct {
	store.Reader
	Me  people.Account
	Now time.Time
}

// names are what others may have written to mean this person.
func (q Asked) names() []string {
	out := []string{q.Me.Name, q.Me.Login}
	if q.Me.Email != "" {
		out = append(out, q.Me.Email)
	}
	return out
}

// mostOfAKind bounds the notices of one source: more of a kind are a list, which has a page of its own.
const mostOfAKind = 50

// permitted tells whether the actor holds one of the kinds.
func permitted(ctx context.Context, needs string) bool {
	if needs == "" {
		return true
	}
	return slices.ContainsFunc(strings.Split(needs, "|"), func(kind string) bool {
		_, err := store.ScopeOf(ctx, kind)
		return err == nil
	})
}

// Notices reads what concerns the actor, the newest first. The program itself has none.
func (d Desk) Notices(ctx context.Context, r store.Reader) ([]Notice, error) {
	account, ok, err := people.Me(ctx, r)
	if err != nil || !ok {
		return nil, err
	}
	q := Asked{Reader: r, Me: account, Now: d.DB.Now()}
	var out []Notice
	for _, s := range append(sources(), d.Sources...) {
		if !permitted(ctx, s.Needs) {
			continue
		}
		all, err := s.Read(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, n := range all[:min(len(all), mostOfAKind)] {
			n.Kind = s.Kind
			n.Key = s.Kind + ":" + n.Key
			out = append(out, n)
		}
	}
	read, err := readNotices(ctx, r, account.ID)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Read = read[out[i].Key]
	}
	slices.SortStableFunc(out, func(a, b Notice) int { return cmp.Or(b.At.Compare(a.At), strings.Compare(a.Key, b.Key)) })
	return out, nil
}

// forgotten is how long it is remembered that a notice was read. One that still stands then is unread again.
const forgotten = 180 * 24 * time.Hour

// MarkRead remembers that the actor has read notices; unknown keys do no harm.
func (d Desk) MarkRead(ctx context.Context, keys []string) error {
	return d.DB.Bulk(ctx, func(b *store.Bulk) error {
		account, ok, err := people.Me(ctx, b)
		if err != nil || !ok {
			return err
		}
		now := d.DB.Now()
		if _, err := b.Exec(ctx, `DELETE FROM notice_read WHERE account = $1 AND at < $2`, account.ID, store.Micros(now.Add(-forgotten))); err != nil {
			return err
		}
		for _, k := range keys[:min(len(keys), maxMarked)] {
			if len(k) > maxKey {
				continue
			}
			if _, err := b.Exec(ctx, `INSERT INTO notice_read (account, notice, at) VALUES ($1, $2, $3) ON CONFLICT (account, notice) DO NOTHING`,
				account.ID, k, store.Micros(now)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Bounds of what one person can mark at once.
const (
	maxMarked = 1000
	maxKey    = 400
)

func readNotices(ctx context.Context, r store.Reader, account string) (map[string]bool, error) {
	all, err := store.All(ctx, r, store.Value[string], `SELECT notice FROM notice_read WHERE account = $1`, account)
	out := make(map[string]bool, len(all))
	for _, k := range all {
		out[k] = true
	}
	return out, err
}
