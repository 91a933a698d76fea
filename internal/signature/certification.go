package signature

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// Letter is the certification that an organisation sends to the FDA before it relies on electronic signatures (21 CFR
// 11.100(c)(1)): on paper, signed by hand.
func Letter(organisation, product string, on time.Time) string {
	return fmt.Sprintf(`%s

To the U.S. Food and Drug Administration

Certification under 21 CFR 11.100(c)

%s certifies that the electronic signatures that its employees, agents and
representatives make in its systems, from this day on, wherever they are, are meant to be
the legally binding equivalent of their handwritten signatures.

The systems covered include %s.



____________________________________
Signature by hand, name, title, date
for %s
`, on.Format("2 January 2006"), organisation, product, organisation)
}

// Certification is that the letter was sent.
type Certification struct {
	Filed time.Time // when it was recorded; zero for never
	By    string
	Sent  time.Time // the day on the letter
	Note  string
}

type certificationBody struct {
	Sent string `json:"sent"`
	Note string `json:"note,omitempty"`
}

// FileCertification records that the certification was sent on a day, and where the copy is. Invalid by field.
func (s *Signer) FileCertification(ctx context.Context, sent time.Time, note string) error {
	note = strings.TrimSpace(note)
	var l problem.List
	if sent.IsZero() || sent.After(s.DB.Now().Add(24*time.Hour)) {
		l.Add("sent", "must be the day on which the letter was sent")
	}
	checkText(&l, "note", note, 500)
	if err := l.Err("the certification is not recorded"); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Record(ctx, store.Event{Kind: people.KindCertified, Subject: "certification", Body: certificationBody{sent.Format(time.DateOnly), note}})
		return err
	})
}

// LastCertification reads the newest record of a letter that was sent; the zero value when there is none.
func LastCertification(ctx context.Context, r store.Reader) (Certification, error) {
	all, err := store.Journal(ctx, r, store.JournalQuery{Kinds: []string{people.KindCertified}, Order: store.NewestFirst, Limit: 1})
	if err != nil || len(all) == 0 {
		return Certification{}, err
	}
	var b certificationBody
	if err := json.Unmarshal(all[0].Body, &b); err != nil {
		return Certification{Filed: all[0].At, By: all[0].ActorName}, nil //nolint:nilerr // the body was erased: that it was sent stays
	}
	sent, err := time.Parse(time.DateOnly, b.Sent)
	return Certification{Filed: all[0].At, By: all[0].ActorName, Sent: sent, Note: b.Note}, err
}

// CertificationMissing reports whether somebody signed here while no certification is on file.
func CertificationMissing(ctx context.Context, r store.Reader) (bool, error) {
	c, err := LastCertification(ctx, r)
	if err != nil || !c.Filed.IsZero() {
		return false, err
	}
	newest, err := newestTime(ctx, r)
	return !newest.IsZero(), err
}
