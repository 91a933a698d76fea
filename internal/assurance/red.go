package assurance

import (
	"cmp"
	"context"
	"encoding/json"

	"triward/internal/incident"
	"triward/internal/store"
)

// withhold takes the bodies out of entries about what is marked TLP:RED: who reads a bundle is named in no incident.
func (c *collection) withhold(ctx context.Context, r store.Reader, entries []store.Entry) ([]store.Entry, error) {
	if !c.redKnown {
		var err error
		if c.red, err = redAt(ctx, r, c.head); err != nil {
			return nil, err
		}
		c.redKnown = true
	}
	return incident.WithholdOf(entries, c.red, func(string) (bool, error) { return false, nil })
}

// redAt reads the incidents that were marked TLP:RED when the journal had head entries. The markings of today would make
// another bundle of the same inquiry.
func redAt(ctx context.Context, r store.Reader, head int64) ([]incident.Incident, error) {
	was, err := markedAt(ctx, r, head)
	if err != nil {
		return nil, err
	}
	var out []incident.Incident
	for q := (incident.Query{Sort: "number", Limit: 500}); ; {
		page, err := incident.List(ctx, r, q)
		if err != nil {
			return nil, err
		}
		for _, i := range page.Items {
			if cmp.Or(was[i.ID], i.TLP) == incident.Red {
				out = append(out, i)
			}
		}
		if q.After = page.Next; q.After == "" {
			return out, nil
		}
	}
}

// markedAt gives the label that incidents had at a head of the journal, of those that have another one since.
func markedAt(ctx context.Context, r store.Reader, head int64) (map[string]incident.Marking, error) {
	out := map[string]incident.Marking{}
	q := store.JournalQuery{Kinds: []string{incident.KindChanged}, After: head, Limit: 1000}
	for {
		page, err := store.Journal(ctx, r, q)
		if err != nil || len(page) == 0 {
			return out, err
		}
		for _, e := range page {
			q.After = e.Seq
			var b incident.Body
			if json.Unmarshal(e.Body, &b) != nil {
				continue // erased by law
			}
			for _, x := range b.Changes {
				if _, ok := out[e.Subject]; x.Field == "tlp" && !ok {
					out[e.Subject] = incident.Marking(x.Before)
				}
			}
		}
	}
}
