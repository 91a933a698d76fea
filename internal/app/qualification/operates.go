package qualification

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/document"
	"triward/internal/document/rendition"
	"triward/internal/ledger"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// operation are the checks that it does what it must, and refuses what it must (OQ).
func (i Installation) operation() []check {
	return []check{
		{"OQ-01", "Try to change a record while nobody acts, and as an auditor.", "both are refused, and nothing changes", []string{"P11-04", "P11-07"}, i.withoutRight},
		{"OQ-02", "Try to change a record without an event in the journal.", "it is refused, and nothing changes", []string{"P11-05", "A11-04"}, i.withoutEvent},
		{"OQ-03", "Try to change the journal by a statement, and a row that may only be added.", "both are refused", []string{"P11-05", "PRD-21"}, i.changePast},
		{"OQ-04", "Compute the hash of every entry of the journal, and the root of its tree.", "they are those that are stored", []string{"P11-01", "PRD-21"}, i.journal},
		{"OQ-05", "Change each bit of a sealed statement.", "each change is noticed", []string{"P11-01", "AC-10"}, i.everyBit},
		{"OQ-06", "Check every signature that was ever made here against its record, seal, time stamp and entry.", "each holds", []string{"P11-15"}, i.signatures},
		{"OQ-07", "Try to sign without showing anything.", "it is refused", []string{"AC-01", "P11-19"}, i.signWithout},
		{"OQ-08", "Let the time-stamp authority stamp a text, and check the stamp with it and with another text.", "it holds for the first alone", []string{"DT-12"}, i.timeStamp},
		{"OQ-09", "Print and seal a document, and change one bit of the file.", "the seal holds, and not for the changed file", []string{"P11-14", "AC-10"}, i.sealing},
		{"OQ-10", "Look for instants at which a document had two revisions in force.", "there are none", []string{"PRD-02", "AC-04"}, i.oneInForce},
		{"OQ-11", "Compare each move of a revision in the journal with the table of moves.", "each is allowed", []string{"P11-06"}, i.moves},
		{"OQ-12", "Compare the clock with the newest entry of the journal.", "the entry is not of the future", []string{"A11-05", "AC-11"}, i.clock},
	}
}

// probe is a row that no check leaves behind.
const (
	probeRow    = `INSERT INTO validation_report (id, number, at, body, digest) VALUES ('val_probe', -1, 1, '', '')`
	changeProbe = `UPDATE validation_report SET body = 'changed' WHERE id = 'val_probe'`
)

func insertProbe(ctx context.Context, tx *store.Tx) error {
	_, err := tx.Exec(ctx, probeRow)
	return err
}

// unchanged fails when a probe is there.
func (i Installation) unchanged(ctx context.Context) error {
	return i.db().View(ctx, func(r store.Reader) error {
		var n int
		if err := r.QueryRow(ctx, `SELECT count(*) FROM validation_report WHERE id = 'val_probe'`).Scan(&n); err != nil || n == 0 {
			return err
		}
		return errors.New("the refused change was kept")
	})
}

func (i Installation) withoutRight(ctx context.Context) (string, error) {
	try := func(ctx context.Context) error {
		return i.db().Update(ctx, func(tx *store.Tx) error {
			if err := insertProbe(ctx, tx); err != nil {
				return err
			}
			_, err := tx.Record(ctx, store.Event{Kind: document.KindCreated, Subject: "doc_probe", Body: map[string]string{}})
			return err
		})
	}
	if err := refused(try(store.WithActor(ctx, store.Actor{})), problem.Forbidden); err != nil {
		return "", fmt.Errorf("nobody: %w", err)
	}
	roles := people.Seeded()
	auditor := roles[slices.IndexFunc(roles, func(o people.Role) bool { return o.ID == people.RoleAuditor })]
	actor := store.Actor{ID: "usr_probe", Name: "probe", Grants: []store.Grant{{Kinds: auditor.Kinds, All: true}}}
	if err := refused(try(store.WithActor(ctx, actor)), problem.Forbidden); err != nil {
		return "", fmt.Errorf("an auditor: %w", err)
	}
	return "both were refused; nothing was kept", i.unchanged(ctx)
}

func (i Installation) withoutEvent(ctx context.Context) (string, error) {
	err := i.db().Update(ctx, func(tx *store.Tx) error { return insertProbe(ctx, tx) })
	if err == nil || !strings.Contains(err.Error(), "without recording an event") {
		return "", errors.New("it was not refused as it must be: " + fmt.Sprint(err))
	}
	return "it was refused; nothing was kept", i.unchanged(ctx)
}

func (i Installation) changePast(ctx context.Context) (string, error) {
	// The trial ends in an error in any case, so that nothing of it is kept.
	ended := errors.New("end of the trial")
	var journal, row error
	err := i.db().Update(ctx, func(tx *store.Tx) error {
		_, journal = tx.Exec(ctx, `UPDATE journal SET actor = 'nobody' WHERE seq = 1`)
		if err := insertProbe(ctx, tx); err != nil {
			return err
		}
		_, row = tx.Exec(ctx, changeProbe)
		return ended
	})
	switch {
	case !errors.Is(err, ended):
		return "", fmt.Errorf("the trial did not run: %w", err)
	case journal == nil:
		return "", errors.New("an entry of the journal was changed")
	case row == nil:
		return "", errors.New("a row that may only be added was changed")
	}
	return "both were refused; nothing was kept", i.unchanged(ctx)
}

func (i Installation) journal(ctx context.Context) (seen string, err error) {
	if err := i.db().CatchUp(ctx, ledger.Follower()); err != nil {
		return "", err
	}
	err = i.db().View(ctx, func(r store.Reader) error {
		v, err := store.Verify(ctx, r, nil)
		if err != nil {
			return err
		}
		head, err := ledger.ReadHead(ctx, r)
		if err != nil {
			return err
		}
		seen = fmt.Sprintf("%d entries, %d bodies erased by law, root %x", v.Entries, v.Erased, v.Root)
		if int64(head.Size) == v.Entries && !bytes.Equal(head.Root, v.Root) {
			return fmt.Errorf("the tree has another root: %x, not %x", head.Root, v.Root)
		}
		if int64(head.Size) != v.Entries {
			seen += fmt.Sprintf("; the tree has grown to entry %d, and its root was not compared", head.Size)
		}
		return nil
	})
	return seen, err
}

const probeType = "application/vnd.triward.probe+json"

func (i Installation) everyBit(ctx context.Context) (string, error) {
	payload := []byte(`{"probe":"qualification"}`)
	sealed, err := i.Ledger.Key.Seal(ctx, probeType, payload)
	if err != nil {
		return "", err
	}
	if _, err := ledger.OpenEnvelope(ctx, sealed, probeType, i.Ledger.Key.Verifier()); err != nil {
		return "", fmt.Errorf("what was just sealed does not open: %w", err)
	}
	same := 0
	for n := range len(sealed) * 8 {
		changed := bytes.Clone(sealed)
		changed[n/8] ^= 1 << (n % 8)
		got, err := ledger.OpenEnvelope(ctx, changed, probeType, i.Ledger.Key.Verifier())
		switch {
		case err != nil:
		case sameSeal(sealed, changed, got, payload):
			same++
		default:
			return "", fmt.Errorf("bit %d of byte %d was changed, and nobody noticed", n%8, n/8)
		}
	}
	return fmt.Sprintf("%d bits changed one at a time: %d refused, %d in letters that no seal covers and that say nothing of what was sealed", len(sealed)*8, len(sealed)*8-same, same), nil
}

// sameSeal tells whether an envelope that still opens says the same: what a reader of JSON takes for equal, or the name of
// the key, which no signature covers.
func sameSeal(sealed, changed []byte, got ledger.Sealed, payload []byte) bool {
	type envelope struct {
		PayloadType string `json:"payloadType"`
		Payload     string `json:"payload"`
		Signatures  []struct {
			Sig string `json:"sig"`
		} `json:"signatures"`
	}
	var a, b envelope
	if json.Unmarshal(sealed, &a) != nil || json.Unmarshal(changed, &b) != nil || len(a.Signatures) != len(b.Signatures) {
		return false
	}
	return bytes.Equal(got.Payload, payload) && a.PayloadType == b.PayloadType
}

func (i Installation) signatures(ctx context.Context) (seen string, err error) {
	err = i.db().View(ctx, func(r store.Reader) error {
		faults, err := signature.Audit(ctx, r, i.Press.Signer.Keys())
		if err != nil {
			return err
		}
		if len(faults) > 0 {
			return fmt.Errorf("%d do not hold; the first is %s: %s", len(faults), faults[0].Signature, faults[0].Reason)
		}
		var n int
		if err := r.QueryRow(ctx, `SELECT count(*) FROM signature`).Scan(&n); err != nil {
			return err
		}
		if seen = fmt.Sprintf("%d signatures, each holds", n); n == 0 {
			return skipped("nobody has signed anything yet")
		}
		return nil
	})
	return seen, err
}

func (i Installation) signWithout(ctx context.Context) (string, error) {
	if _, err := i.Press.Signer.Verify(ctx, signature.Factors{Zone: "UTC"}); problem.KindOf(err) != problem.Forbidden {
		return "", errors.New("it was not refused as it must be: " + fmt.Sprint(err))
	}
	return "it was refused", nil
}

func (i Installation) timeStamp(context.Context) (string, error) {
	at := i.db().Now()
	token, err := i.Press.Signer.Stamp.Stamp([]byte("probe"), at)
	if err != nil {
		return "", err
	}
	keys := i.Press.Signer.Keys().Authorities
	said, err := signature.CheckToken(token, []byte("probe"), keys...)
	if err != nil {
		return "", err
	}
	if !said.Equal(at.Truncate(time.Second)) {
		return "", fmt.Errorf("it says %s at %s", said, at)
	}
	if _, err := signature.CheckToken(token, []byte("probes"), keys...); problem.KindOf(err) != problem.Invalid {
		return "", errors.New("a stamp of another text was not refused: " + fmt.Sprint(err))
	}
	return "a stamp of " + said.UTC().Format(time.RFC3339) + ", refused for another text", nil
}

// sheet is a document for trials.
func sheet() rendition.Sheet {
	return rendition.Sheet{Code: "PROBE", Title: "Probe of a qualification", Revision: "1.0", State: "effective", Organisation: "Triward", EffectiveDate: "2026-01-01",
		StatusURL: "https://triward.invalid/probe", HTML: "<h1>Probe</h1><p>" + strings.Repeat("This text is printed to see that printing works. ", 400) + "</p>",
		Signatures: []rendition.Block{{Name: "A Probe", Function: "quality", Meaning: "approval", At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Zone: "UTC", SignatureID: "sig_probe"}}}
}

func (i Installation) sealing(ctx context.Context) (string, error) {
	pdf, note, err := i.Press.Printer.PDF(ctx, sheet())
	if err != nil {
		return "", err
	}
	sealed, err := rendition.Seal(pdf, i.Press.Sealer, i.db().Now())
	if err != nil {
		return "", err
	}
	report, err := rendition.CheckSeal(sealed)
	if err != nil {
		return "", err
	}
	for _, at := range []int{len(sealed) / 7, len(sealed) / 2, len(sealed) - len(sealed)/9} {
		changed := bytes.Clone(sealed)
		changed[at] ^= 1
		if _, err := rendition.CheckSeal(changed); err == nil {
			return "", fmt.Errorf("byte %d was changed, and the seal still holds", at)
		}
	}
	seen := fmt.Sprintf("%d bytes, sealed by %q at %s, three changes noticed", len(sealed), report.Signer, report.At.UTC().Format(time.RFC3339))
	if note != "" {
		seen += ". " + string(note)
	}
	return seen, nil
}

func (i Installation) oneInForce(ctx context.Context) (seen string, err error) {
	err = i.db().View(ctx, func(r store.Reader) error {
		var ranges, twice int
		if err := r.QueryRow(ctx, `SELECT count(*) FROM effective_range`).Scan(&ranges); err != nil {
			return err
		}
		if err := r.QueryRow(ctx, `SELECT count(*) FROM effective_range a JOIN effective_range b ON b.document = a.document AND b.revision <> a.revision
			WHERE a.since <= b.since AND (a.until = 0 OR a.until > b.since)`).Scan(&twice); err != nil {
			return err
		}
		if twice > 0 {
			return fmt.Errorf("%d pairs of revisions were in force at the same time", twice)
		}
		if seen = fmt.Sprintf("%d times in force, none with another at the same instant", ranges); ranges == 0 {
			return skipped("no document was ever in force")
		}
		return nil
	})
	return seen, err
}

func (i Installation) moves(ctx context.Context) (seen string, err error) {
	err = i.db().View(ctx, func(r store.Reader) error {
		n, q := 0, store.JournalQuery{Limit: 500, Kinds: []string{document.KindSubmitted, document.KindChangesRequested, document.KindFrozen, document.KindApprovalOpened,
			document.KindRejected, document.KindRetired, document.KindWithdrawn}}
		for {
			entries, err := store.Journal(ctx, r, q)
			if err != nil {
				return err
			}
			for _, e := range entries {
				var m document.Moved
				if err := json.Unmarshal(e.Body, &m); err != nil || m.From == "" || m.To == "" {
					continue
				}
				if n++; !slices.Contains(document.Moves()[m.From], m.To) {
					return fmt.Errorf("entry %d moved revision %s from %s to %s", e.Seq, m.Revision, m.From, m.To)
				}
			}
			if len(entries) < q.Limit {
				break
			}
			q.After = entries[len(entries)-1].Seq
		}
		if seen = fmt.Sprintf("%d moves, each allowed", n); n == 0 {
			return skipped("no revision has moved yet")
		}
		return nil
	})
	return seen, err
}

func (i Installation) clock(ctx context.Context) (seen string, err error) {
	now := i.db().Now()
	err = i.db().View(ctx, func(r store.Reader) error {
		newest, err := store.Journal(ctx, r, store.JournalQuery{Order: store.NewestFirst, Limit: 1})
		if err != nil || len(newest) == 0 {
			return errors.Join(err, skipped("the journal is empty"))
		}
		seen = fmt.Sprintf("the clock says %s, the newest entry %s", now.Format(time.RFC3339), newest[0].At.Format(time.RFC3339))
		if newest[0].At.After(now.Add(2 * time.Second)) {
			return errors.New(seen)
		}
		return nil
	})
	return seen, err
}
