package document

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"triward/internal/problem"
	"triward/internal/store"
)

// Status is what anybody who holds a print of a revision may learn about it: whether it is still in force.
type Status struct {
	Code, Title, Label string
	State              State
	Since, Until       time.Time
	Planned            time.Time
	Now                string // label of the revision in force, "" for none
	Caution            bool   // a caution stands on the document
	RetiredFor         string // code of the successor of a retired document
	ContentHash        string
}

// newToken is 160 bits that nobody can guess.
func newToken() (string, error) {
	var b [20]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("make token: %w", err)
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:])), nil
}

// StatusOf reads the status behind the code that is printed on every page of a revision. It asks for no permission: who has
// the token has the print. Of what was never approved it says nothing.
func StatusOf(ctx context.Context, r store.Reader, token string) (Status, error) {
	none := problem.New(problem.NotFound, "there is no such document")
	if len(token) < 32 {
		return Status{}, none
	}
	all, err := revisions(ctx, r, ` WHERE r.token = $1`, token)
	if err != nil {
		return Status{}, err
	}
	if len(all) != 1 || all[0].State.Open() || all[0].State == Rejected {
		return Status{}, none
	}
	v := all[0]
	d, err := documentBy(ctx, r, "id", string(v.Document))
	if err != nil {
		return Status{}, err
	}
	s := Status{Code: v.Code, Title: v.Title, Label: v.Label, State: v.State, Since: v.Since, Until: v.Until, Planned: v.Planned, RetiredFor: d.Successor, ContentHash: v.ContentHash}
	if d.Effective != "" {
		now, err := revision(ctx, r, d.Effective)
		if err != nil {
			return Status{}, err
		}
		s.Now = now.Label
	}
	standing, err := cautions(ctx, r, ` WHERE document = $1 AND lifted = 0`, string(d.ID))
	s.Caution = len(standing) > 0
	return s, err
}

// StatusAddress is where the status page of a revision is.
func (l Library) StatusAddress(v Revision) string {
	return strings.TrimSuffix(l.URL, "/") + "/status/" + v.Token
}
