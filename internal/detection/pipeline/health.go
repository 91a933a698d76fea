package pipeline

import (
	"context"
	"encoding/json"
	"net/netip"
	"time"

	"triward/internal/detection"
	"triward/internal/eventlog"
	"triward/internal/store"
	"triward/internal/stream"
)

// health makes records of what the program itself noticed of sources: that one fell silent, that records of one were lost.
// So rules see them beside everything else. They belong to no source, because none sent them; their ids follow from the
// journal, so that each is kept once.
type health struct {
	db     *store.DB
	loaded bool
	seq    int64 // of the journal, up to which records were made
}

// healthRecord is the record in the names that rules use.
type healthRecord struct {
	Time    time.Time `json:"time"`
	Kind    string    `json:"health.kind"` // silence or gap
	Source  string    `json:"health.source"`
	Reason  string    `json:"health.reason"`
	Seconds int64     `json:"health.seconds,omitempty"`
	Host    string    `json:"host,omitempty"`
	Address string    `json:"src.ip,omitempty"`
	Message string    `json:"message"`
}

// records are those of the journal's entries since the last call that was settled, and where the journal stands. The first
// call begins with what comes after it.
func (h *health) records(ctx context.Context) (out []stream.Message, seq int64, err error) {
	err = h.db.View(ctx, func(r store.Reader) error {
		if seq, _, err = store.JournalHead(ctx, r); err != nil || !h.loaded || seq == h.seq {
			return err
		}
		entries, err := store.Journal(ctx, r, store.JournalQuery{After: h.seq, Kinds: []string{detection.KindBlindBegun, detection.KindBlindEnded}, Limit: 500})
		if err != nil {
			return err
		}
		for _, e := range entries {
			m, ok, err := healthOf(ctx, r, e)
			if err != nil {
				return err
			}
			if ok {
				out = append(out, m)
			}
			seq = e.Seq
		}
		if len(entries) < 500 {
			seq, _, err = store.JournalHead(ctx, r)
		}
		return err
	})
	return out, seq, err
}

// settled notes that the records up to there are worked on.
func (h *health) settled(seq int64) { h.loaded, h.seq = true, seq }

// healthOf makes the record of an entry. The end of a silence is none; an interval of another reason counts when it is
// whole.
func healthOf(ctx context.Context, r store.Reader, e store.Entry) (stream.Message, bool, error) {
	var b detection.BlindNoted
	if err := json.Unmarshal(e.Body, &b); err != nil || e.Subject == "" {
		return stream.Message{}, false, nil //nolint:nilerr // the content of an old entry may be erased
	}
	silence := b.Reason == detection.BlindSilence
	if silence != (e.Kind == detection.KindBlindBegun) {
		return stream.Message{}, false, nil
	}
	s, err := detection.GetSource(ctx, r, e.Subject)
	if err != nil {
		return stream.Message{}, false, err
	}
	h := healthRecord{Time: e.At.UTC(), Kind: "gap", Source: e.Subject, Reason: string(b.Reason), Host: s.Name, Message: s.Name + ": records are missing"}
	if silence {
		h.Kind, h.Message = "silence", s.Name+" fell silent"
	}
	if a, err := netip.ParseAddr(s.Identity); err == nil {
		h.Address = a.String()
	}
	begin, err := time.Parse(time.RFC3339, b.Started)
	end := e.At
	if t, err := time.Parse(time.RFC3339, b.Ended); err == nil {
		end = t
	}
	if err == nil && end.After(begin) {
		h.Seconds = int64(end.Sub(begin).Seconds())
	}
	text, err := json.Marshal(h)
	return stream.Message{ID: eventlog.Derive("triward", "health of sources").At(e.Seq), Received: e.At.UnixMicro(), Transport: stream.File, Peer: "triward", Hint: "json", Payload: text}, err == nil, err
}
