package digest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/document"
	"triward/internal/document/turn"
	"triward/internal/people"
	"triward/internal/people/mail"
	"triward/internal/problem"
	"triward/internal/report"
	"triward/internal/store"
	"triward/internal/training"
)

// Kinds of the events of this package; the subject is the account.
const (
	KindSent    = "report.digest_sent"
	KindRefused = "report.digest_refused" // the mail server takes no letter for this address
)

// Worker sends the letters. All fields but URL are required.
type Worker struct {
	DB      *store.DB
	Notices report.Desk
	Send    func(ctx context.Context, l mail.Letter) error
	URL     string // where people reach the program, for links; "" for none
}

// Item is one thing that waits for somebody.
type Item struct {
	Key  string // says the same of the same
	Text string
	Due  time.Time // zero for none
}

// Times between letters.
const (
	apart  = 20 * time.Hour     // at least: the hour of the day may move a little
	weekly = 7 * 24 * time.Hour // then also without anything new
	soon   = 24 * time.Hour     // what is due so soon is told of again
	most   = 200                // items in a letter
)

// Run sends the letters that are due. It goes on after an address that is refused, ends when the server cannot take more,
// and returns how many letters were sent.
func (w Worker) Run(ctx context.Context) (int, error) {
	n, after := 0, ""
	for {
		var page store.Page[people.Account]
		err := w.DB.View(ctx, func(r store.Reader) (err error) {
			page, err = people.Accounts(ctx, r, people.AccountQuery{State: people.Active, After: after, Limit: 200})
			return err
		})
		if err != nil {
			return n, fmt.Errorf("send digests: %w", err)
		}
		for _, a := range page.Items {
			sent, err := w.tell(ctx, a)
			if err != nil {
				return n, fmt.Errorf("send digests: %w", err)
			}
			if sent {
				n++
			}
		}
		if after = page.Next; after == "" {
			return n, nil
		}
	}
}

// tell sends one person's letter when it is due.
func (w Worker) tell(ctx context.Context, a people.Account) (bool, error) {
	if a.Email == "" {
		return false, nil
	}
	now := w.DB.Now()
	last, err := w.last(ctx, a.ID)
	if err != nil || now.Sub(last.At) < apart {
		return false, err
	}
	items, err := w.Items(ctx, a.ID)
	if err != nil || !last.asksFor(items, now) {
		return false, err
	}
	letter := w.letter(a, items, now)
	switch err := w.Send(ctx, letter); {
	case problem.KindOf(err) == problem.Invalid:
		return false, w.keep(ctx, a.ID, last.Keys, KindRefused, map[string]any{"reason": problem.Text(err)})
	case err != nil:
		return false, err
	}
	overdue := 0
	for _, i := range items {
		if !i.Due.IsZero() && i.Due.Before(now) {
			overdue++
		}
	}
	return true, w.keep(ctx, a.ID, keys(items), KindSent, map[string]any{"items": len(items), "overdue": overdue})
}

// Items is what waits for an account now, what is due first. It needs to be the program that asks.
func (w Worker) Items(ctx context.Context, account string) ([]Item, error) {
	now := w.DB.Now()
	var out []Item
	err := w.DB.View(ctx, func(r store.Reader) error {
		actor, err := people.Standing(ctx, r, account, now)
		if err != nil {
			return err
		}
		ctx := store.WithActor(ctx, actor)
		if actor.May(document.KindRead) {
			turns, err := turn.Of(ctx, r, account, now)
			if err != nil {
				return err
			}
			for _, t := range turns {
				out = append(out, Item{fmt.Sprintf("turn:%s:%s", t.Kind, t.Revision), fmt.Sprintf("%s: %s %s", words(string(t.Kind)), t.Code, t.Title), t.Due})
			}
		}
		learn, err := training.Mine(ctx, r)
		if err != nil {
			return err
		}
		for _, t := range learn {
			what := "Training"
			if t.State == training.Locked {
				what = "Training, locked after the last try"
			}
			out = append(out, Item{"training:" + t.ID, fmt.Sprintf("%s: %s %s", what, t.Code, t.Title), t.Due})
		}
		all, err := w.Notices.Notices(ctx, r)
		if err != nil {
			return err
		}
		for _, n := range all {
			if !n.Read && !n.Exercise() { // nothing of an exercise is mailed
				out = append(out, Item{"notice:" + n.Key, n.Title, time.Time{}})
			}
		}
		return nil
	})
	slices.SortStableFunc(out, func(a, b Item) int {
		if a.Due.IsZero() != b.Due.IsZero() {
			if a.Due.IsZero() {
				return 1
			}
			return -1
		}
		return a.Due.Compare(b.Due)
	})
	return out, err
}

func words(kind string) string {
	s := strings.ReplaceAll(kind, "_", " ")
	return strings.ToUpper(s[:1]) + s[1:]
}

func keys(items []Item) []string {
	out := make([]string, len(items))
	for i, x := range items {
		out[i] = x.Key
	}
	slices.Sort(out)
	return out
}

func (w Worker) letter(a people.Account, items []Item, now time.Time) mail.Letter {
	var b strings.Builder
	fmt.Fprintf(&b, "%s,\n\nthis waits for you in Triward:\n\n", plain(a.Name))
	overdue := 0
	for i, x := range items {
		if !x.Due.IsZero() && x.Due.Before(now) {
			overdue++
		}
		if i >= most {
			continue
		}
		line := plain(x.Text)
		switch {
		case x.Due.IsZero():
		case x.Due.Before(now):
			line += " (overdue since " + x.Due.UTC().Format(time.DateOnly) + ")"
		default:
			line += " (due " + x.Due.UTC().Format(time.DateOnly) + ")"
		}
		b.WriteString("- " + line + "\n")
	}
	if len(items) > most {
		fmt.Fprintf(&b, "- and %d more\n", len(items)-most)
	}
	if w.URL != "" {
		at := strings.TrimSuffix(w.URL, "/")
		fmt.Fprintf(&b, "\nTasks: %s/tasks\nNotices: %s/notices\n", at, at)
	}
	b.WriteString("\nYou get at most one such letter a day, and none when nothing is new or due.\n")
	subject := fmt.Sprintf("Triward: %d things wait for you", len(items))
	if len(items) == 1 {
		subject = "Triward: one thing waits for you"
	}
	if overdue > 0 {
		subject += fmt.Sprintf(", %d overdue", overdue)
	}
	return mail.Letter{To: a.Email, Subject: subject, Text: b.String(), At: now, Key: "digest " + now.UTC().Format(time.DateOnly)}
}

// plain is one line of text without control characters.
func plain(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "?"), func(r rune) bool { return r <= ' ' || r >= 0x7f && r < 0xa0 }), " ")
}

// told is what somebody was told last.
type told struct {
	At   time.Time
	Keys []string
}

// asksFor tells whether a letter about items is worth sending: something is new or due, or stands for a week.
func (t told) asksFor(items []Item, now time.Time) bool {
	if len(items) == 0 {
		return false
	}
	return now.Sub(t.At) >= weekly || slices.ContainsFunc(items, func(i Item) bool {
		return !slices.Contains(t.Keys, i.Key) || !i.Due.IsZero() && i.Due.After(now) && i.Due.Sub(now) <= soon
	})
}

func (w Worker) last(ctx context.Context, account string) (told, error) {
	var t told
	err := w.DB.View(ctx, func(r store.Reader) error {
		var at int64
		var text string
		err := r.QueryRow(ctx, `SELECT at, keys FROM digest_told WHERE account = $1`, account).Scan(&at, &text)
		if problem.KindOf(err) == problem.NotFound {
			return nil
		}
		t.At = store.Time(at)
		return errors.Join(err, json.Unmarshal([]byte(text), &t.Keys))
	})
	return t, err
}

func (w Worker) keep(ctx context.Context, account string, told []string, kind string, body any) error {
	if told == nil {
		told = []string{}
	}
	text, err := json.Marshal(told)
	if err != nil {
		return err
	}
	return w.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO digest_told (account, at, keys) VALUES ($1, $2, $3) ON CONFLICT (account) DO UPDATE SET at = excluded.at, keys = excluded.keys`,
			account, store.Micros(tx.Now), string(text)); err != nil {
			return err
		}
		_, err := tx.Record(ctx, store.Event{Kind: kind, Subject: account, Body: body})
		return err
	})
}
