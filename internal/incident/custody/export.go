package custody

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"triward/internal/incident"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// MaxExport is how much content one export holds, in bytes. What is beyond is fetched by itself.
const MaxExport = 200 << 20

// Order is what of the evidence of an incident is exported, to whom and why.
type Order struct {
	As        incident.Audience // whom the receiver belongs to
	To        string            // who receives it
	Reason    string
	Authority string // who authorised it; for [incident.ByLaw] the law or the order
	Content   bool   // with the content, as far as markings allow
}

// Given is an item as it is exported.
type Given struct {
	Item
	Chain   []Entry // with the entry of the export
	Content []byte  // decrypted; nil: see Without
	Without string  // why its content is not in it
}

// Export gives the evidence of an incident out: it adds an entry to the chain of every item, and gives the items with their
// chains, and with their content where the order asks for it, the actor may read it, and neither TLP nor data of patients
// forbid it. Forbidden: the marking of the incident does not let the receiver have anything of it.
func (v Vault) Export(ctx context.Context, of string, o Order) (incident.Incident, []Given, error) {
	if err := o.Check(); err != nil {
		return incident.Incident{}, nil, err
	}
	var f incident.Incident
	var items []Item
	err := v.DB.View(ctx, func(r store.Reader) error {
		var err error
		if items, err = List(ctx, r, of); err != nil {
			return err
		}
		f, err = incident.Brief(ctx, r, of)
		return err
	})
	if err != nil {
		return f, nil, err
	}
	if err := f.Share("the evidence of "+f.Number, o.As); err != nil {
		return f, nil, err
	}
	if len(items) == 0 {
		return f, nil, problem.New(problem.Conflict, "there is no evidence of %s", f.Number)
	}
	out := make([]Given, len(items))
	room := int64(MaxExport)
	for n, i := range items {
		out[n].Item = i
		if out[n].Without = o.without(ctx, f, i, room); out[n].Without != "" {
			continue
		}
		if out[n].Content, err = v.whole(ctx, i); err != nil {
			return f, nil, err
		}
		if out[n].Content == nil {
			out[n].Without = "the stored content is not what was sealed"
			continue
		}
		room -= i.Size
	}
	return f, out, v.exported(ctx, o, out)
}

// Check trims an order and gives all of its faults.
func (o *Order) Check() error {
	o.To, o.Reason, o.Authority = strings.TrimSpace(o.To), strings.TrimSpace(o.Reason), strings.TrimSpace(o.Authority)
	var l problem.List
	for _, x := range []struct{ path, text string }{{"to", o.To}, {"reason", o.Reason}, {"authority", o.Authority}} {
		if x.text == "" || len(x.text) > maxText {
			l.Add(x.path, "is required, at most %d characters", maxText)
		}
	}
	checkAudience(&l, o.As)
	return l.Err("the export is not complete")
}

func checkAudience(l *problem.List, a incident.Audience) {
	if a.Words() == "" {
		l.Add("as", "is required: whom the receiver belongs to")
	}
}

// marking is the stricter of the labels in effect of an item and its incident.
func (i Item) marking(f incident.Incident) incident.Marking {
	return f.Reach().Stricter(i.TLP)
}

// without says why the content of an item does not go with an export; "" when it does.
func (o Order) without(ctx context.Context, f incident.Incident, i Item, room int64) string {
	_, may := store.ScopeOf(ctx, KindAccessed)
	switch {
	case i.Kind == Thing:
		return "it is a thing"
	case i.SHA256 == "":
		return "it is not sealed yet"
	case i.State == Destroyed:
		return "it was destroyed"
	case i.State == Broken:
		return "its integrity is broken"
	case !o.Content:
		return "the content was not asked for"
	case may != nil:
		return "who exports it may not read it"
	case !i.marking(f).MayShare(o.As):
		return "its marking TLP:" + strings.ToUpper(string(i.marking(f))) + " forbids it"
	case i.Patients == HasPatients && !incident.AmberStrict.MayShare(o.As):
		return "it holds data of patients, which do not leave the organisation unless a law asks for them"
	case i.Size > room:
		return fmt.Sprintf("it is too large for one archive (%d bytes): fetch it by itself", i.Size)
	}
	return ""
}

// whole reads the content of an item; nil when it is not what was sealed any more.
func (v Vault) whole(ctx context.Context, i Item) ([]byte, error) {
	_, ps, err := v.read(ctx, i.ID)
	if err != nil {
		return nil, err
	}
	r := v.content(ctx, i.ID, ps)
	var b bytes.Buffer
	_, err = io.Copy(&b, io.LimitReader(r, i.Size+1))
	if cerr := r.Close(); err == nil {
		err = cerr
	}
	if ctx.Err() != nil || problem.KindOf(err) == problem.Unavailable {
		return nil, err
	}
	if sum := sha256.Sum256(b.Bytes()); err != nil || hex.EncodeToString(sum[:]) != i.SHA256 {
		return nil, nil //nolint:nilerr // the export says so, and the next verification breaks the item
	}
	return b.Bytes(), nil
}

// exported adds the entry of the export to every chain, in one transaction, and reads the chains. What happened to an item
// meanwhile refuses the export.
func (v Vault) exported(ctx context.Context, o Order, all []Given) error {
	return v.DB.Update(ctx, func(tx *store.Tx) error {
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		for n := range all {
			i, f, err := one(ctx, tx, all[n].ID)
			if err != nil {
				return err
			}
			if i.Head != all[n].Head {
				return problem.New(problem.Conflict, "something happened to %s meanwhile: export again", i.Exhibit)
			}
			what := "with its content"
			if all[n].Content == nil {
				what = "without its content: " + all[n].Without
			}
			if err := link(ctx, tx, step{&i, f, me, KindWorked}, Entry{Action: Exported, From: i.HolderName, To: o.To, Reason: o.Reason + " (" + what + ")", Authority: o.Authority, HashAfter: i.SHA256}); err != nil {
				return err
			}
			all[n].Item = i
			if all[n].Chain, err = Chain(ctx, tx, i.ID); err != nil {
				return err
			}
			if err := CheckChain(all[n].Chain); err != nil {
				return problem.About(err, "%s", i.Exhibit)
			}
		}
		return nil
	})
}

// Totals are how many items an incident has, and how many entries their chains.
func Totals(ctx context.Context, r store.Reader, of string) (items, entries int, err error) {
	f, err := mayRead(ctx, r, of)
	if err != nil {
		return 0, 0, err
	}
	err = r.QueryRow(ctx, `SELECT (SELECT count(*) FROM evidence_item WHERE incident = $1), (SELECT count(*) FROM custody_entry e JOIN evidence_item i ON i.id = e.item WHERE i.incident = $1)`, f.ID).Scan(&items, &entries)
	return items, entries, err
}
