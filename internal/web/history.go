package web

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"triward/internal/incident"
	"triward/internal/product"
	"triward/internal/store"
)

// historyRow is a journal entry for people.
type historyRow struct {
	Seq     int64
	At      time.Time
	Who     string
	What    string
	Kind    string
	Subject string
	URL     string // of the subject, in the journal
	Changes []product.Change
	Note    string
}

// history are the newest entries about a subject. Who may read the subject may read what happened to it, without what
// belongs to an incident that is for other people only.
func history(ctx context.Context, r store.Reader, subject string) ([]historyRow, error) {
	all, err := store.Journal(ctx, r, store.JournalQuery{Subject: subject, Order: store.NewestFirst, Limit: 50})
	if err == nil {
		all, err = incident.Withhold(ctx, r, all)
	}
	out := make([]historyRow, len(all))
	for i, e := range all {
		out[i] = historyOf(e)
	}
	return out, err
}

// historyOf reads of an entry's body what most bodies have: changes, a reason or a note.
func historyOf(e store.Entry) historyRow {
	h := historyRow{Seq: e.Seq, At: e.At, Who: actorWords(e.Actor, e.ActorName), Kind: e.Kind, What: eventWords(e.Kind), Subject: e.Subject}
	var body struct {
		Changes []product.Change `json:"changes"`
		Reason  string           `json:"reason"`
		Note    string           `json:"note"`
		Name    string           `json:"name"`
		Title   string           `json:"title"`
	}
	// A body of another shape has nothing to show here; its page in the journal shows all of it.
	if err := json.Unmarshal(e.Body, &body); err == nil {
		for _, c := range body.Changes {
			// Beside an id stands its text; alone the id is all there is.
			if len(body.Changes) == 1 || c.Field != "release_id" && c.Field != "model_id" {
				h.Changes = append(h.Changes, c)
			}
		}
		h.Note = strings.Join(nonEmpty(body.Title, body.Name, body.Reason, body.Note), " · ")
	}
	for i, c := range h.Changes {
		h.Changes[i].Field = word(c.Field)
	}
	return h
}

func nonEmpty(all ...string) []string {
	var out []string
	for _, s := range all {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// ownWords are areas whose kinds of one word say nothing without them.
var ownWords = map[string]string{"device": "device", "disclosure": "disclosure", "claim": "claim", "connector": "connector", "containment": "containment", "custody": "evidence", "draft": "draft", "exercise": "exercise", "stakeholder": "stakeholder", "telling": "telling", "timeline": "timeline"}

// eventWords is a kind in words: "device.moved" is "Device moved", "vuln.feed_added" is "Feed added".
func eventWords(kind string) string {
	area, what, _ := strings.Cut(kind, ".")
	if own := ownWords[area]; own != "" && !strings.Contains(what, "_") {
		what = own + " " + what
	}
	return sentenceStart(strings.ReplaceAll(what, "_", " "))
}

func sentenceStart(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func joinComma(all []string) string { return strings.Join(all, ", ") }
