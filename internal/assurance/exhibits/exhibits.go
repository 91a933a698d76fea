package exhibits

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"triward/internal/assurance/bundle"
	"triward/internal/assurance/exhibits/interchange"
	"triward/internal/document"
	"triward/internal/incident"
	"triward/internal/incident/claim"
	"triward/internal/incident/custody"
	"triward/internal/ledger"
	"triward/internal/problem"
	"triward/internal/store"
)

// Office exports evidence.
type Office struct {
	Vault  custody.Vault
	Ledger ledger.Ledger
}

// state is what an export is made of.
type state struct {
	file           incident.Incident
	given          []custody.Given
	who            claim.Report
	links          []incident.Link
	organisation   string
	as             incident.Audience // for whom it is made
	now            time.Time
	head           int64   // entries of the journal
	entries        []int64 // that are proved
	items, chained int     // counted in the database
}

// Export makes the bundle of an incident's evidence, checks it as a stranger would, and gives it. That it was exported is an
// entry in the chain of every item before. The content goes with it as [custody.Vault.Export] allows.
func (o Office) Export(ctx context.Context, of string, order custody.Order) (bundle.Built, error) {
	s := state{as: order.As}
	var err error
	if s.file, s.given, err = o.Vault.Export(ctx, of, order); err != nil {
		return bundle.Built{}, err
	}
	if err := o.read(ctx, &s); err != nil {
		return bundle.Built{}, err
	}
	built, err := o.write(ctx, s)
	if err != nil {
		return bundle.Built{}, fmt.Errorf("export the evidence of %s: %w", s.file.Number, err)
	}
	if r := bundle.Verify(ctx, built.Archive, o.Ledger.Key.Verifier()); !r.OK() {
		return bundle.Built{}, problem.New(problem.Conflict, "the export does not verify: %s", r.Faults[0])
	}
	return built, nil
}

// read adds what stands beside the items.
func (o Office) read(ctx context.Context, s *state) error {
	return o.Vault.DB.View(ctx, func(r store.Reader) error {
		s.now = o.Vault.DB.Now()
		var err error
		if s.head, _, err = store.JournalHead(ctx, r); err != nil {
			return err
		}
		settings, err := document.SettingsOf(store.WithActor(ctx, store.System("evidence")), r)
		if err != nil {
			return err
		}
		s.organisation = settings.Variables["organisation"]
		if s.who, err = claim.Of(ctx, r, s.file.ID, s.now); err != nil {
			return err
		}
		whole, err := incident.Get(ctx, r, s.file.ID)
		if err != nil {
			return err
		}
		s.links = whole.Links
		for _, g := range s.given {
			signed, err := custody.Signed(ctx, r, g.ID)
			if err != nil {
				return err
			}
			s.entries = append(s.entries, signed...)
		}
		s.items, s.chained, err = custody.Totals(ctx, r, s.file.ID)
		return err
	})
}

// itemFile is an item in the bundle.
type itemFile struct {
	Exhibit     string       `json:"exhibit"`
	ID          string       `json:"id"`
	Kind        custody.Kind `json:"kind"`
	Description string       `json:"description"`
	Parent      string       `json:"parent,omitempty"`
	Device      string       `json:"device,omitempty"`
	Source      string       `json:"source"`
	Authority   string       `json:"authorised_by"`
	Method      string       `json:"method"`
	custody.Details
	Began       time.Time        `json:"collection_began"`
	Ended       time.Time        `json:"collection_ended,omitzero"`
	Skew        string           `json:"clock_skew,omitempty"`
	Patients    custody.Patients `json:"data_of_patients"`
	TLP         string           `json:"tlp"` // the stricter of the item and its incident; so with PAP
	PAP         string           `json:"pap"`
	Seal        string           `json:"seal,omitempty"`
	Place       string           `json:"place,omitempty"`
	Holder      string           `json:"holder,omitempty"`
	State       custody.State    `json:"state"`
	File        string           `json:"file,omitempty"`
	Size        int64            `json:"size"`
	SHA256      string           `json:"sha256,omitempty"`
	SHA512      string           `json:"sha512,omitempty"`
	Expected    string           `json:"sha256_at_collection,omitempty"`
	Differs     bool             `json:"differs_from_collection,omitempty"` // the entry of its seal says why
	Keys        []string         `json:"encrypted_for,omitempty"`           // public keys (age) in the vault; here it is plain
	Receipt     string           `json:"receipt,omitempty"`
	Hold        bool             `json:"legal_hold"`
	RetainUntil time.Time        `json:"retain_until,omitzero"`
	Verified    time.Time        `json:"hashed_last,omitzero"`
	Head        string           `json:"custody_head"`
	Content     string           `json:"content,omitempty"` // its path in the bundle
	Without     string           `json:"without_content,omitempty"`
	Incident    string           `json:"incident"`
}

// link is an entry of a chain with its hash: SHA-256 over the canonical JSON (RFC 8785) of the rest.
type link struct {
	custody.Entry
	Hash string `json:"hash"`
}

func (o Office) write(ctx context.Context, s state) (bundle.Built, error) {
	mark := ""
	if s.file.Exercise {
		mark = incident.ExerciseMark
	}
	c := bundle.Contents{Title: mark + "Evidence of " + s.file.Number + ": " + s.file.Title, Exercise: s.file.Exercise, Organisation: s.organisation, Inquiry: s.file.Number, AsOf: s.now, Made: s.now, Seal: o.Ledger.Key.Seal,
		Keys:     []bundle.Key{{Verifier: o.Ledger.Key.Verifier(), Use: "checkpoints of the journal, and this manifest"}},
		Expected: map[string]int{"evidence": s.items, "custody": s.chained, bundle.KindProof: s.chained, "who": 1, "case": 1, "stix": 1}}
	add := func(f bundle.File, body []byte) { c.Items = append(c.Items, bundle.Item{File: f, Body: body}) }
	for n, g := range s.given {
		at := "evidence/" + strconv.Itoa(n+1) + "/"
		item := fileOf(g, s.file)
		if g.Content != nil {
			item.Content = at + "content" + extension(g.File)
			add(bundle.File{Path: item.Content, Kind: "content", Record: g.ID, Title: g.Exhibit + " " + g.Description, Mark: bundle.Confidential}, g.Content)
			c.Expected["content"]++
		}
		chain := make([]link, len(g.Chain))
		for i, e := range g.Chain {
			chain[i] = link{e, e.Hash}
		}
		for _, x := range []struct {
			file  bundle.File
			value any
		}{{bundle.File{Path: at + "item.json", Kind: "evidence", Record: g.ID, Title: g.Exhibit + " " + g.Description, Mark: bundle.Confidential}, item},
			{bundle.File{Path: at + "custody.json", Kind: "custody", Record: g.ID, Title: "Chain of custody of " + g.Exhibit, Mark: bundle.Confidential, Records: len(chain)}, chain}} {
			body, err := json.MarshalIndent(x.value, "", "  ")
			if err != nil {
				return bundle.Built{}, err
			}
			add(x.file, append(body, '\n'))
		}
	}
	who, err := s.who.Markdown(s.as)
	if err != nil {
		return bundle.Built{}, err
	}
	add(bundle.File{Path: "who.md", Kind: "who", Record: s.file.ID, Title: "Who did what, and how", Mark: bundle.Confidential}, who)
	out := interchange.Case{As: s.as, Organisation: s.organisation, File: s.file, Given: s.given, Who: s.who, Links: s.links}
	for _, x := range []struct {
		path, kind, title string
		body              func() ([]byte, error)
	}{{"case.jsonld", "case", "Custody (CASE 1.4, UCO, JSON-LD)", out.CASE}, {"stix.json", "stix", "What the other side is recognised by (STIX 2.1)", out.STIX}} {
		body, err := x.body()
		if err != nil {
			return bundle.Built{}, err
		}
		add(bundle.File{Path: x.path, Kind: x.kind, Record: s.file.ID, Title: x.title, Mark: bundle.Confidential}, body)
	}
	if err := o.prove(ctx, s, &c); err != nil {
		return bundle.Built{}, err
	}
	return bundle.Write(ctx, c)
}

// prove adds the proofs that the entries stand in the journal.
func (o Office) prove(ctx context.Context, s state, c *bundle.Contents) error {
	checkpoint, proofs, err := o.Ledger.ProveEach(ctx, uint64(s.head), s.entries)
	if err != nil {
		return err
	}
	for _, p := range proofs {
		n := strconv.FormatInt(p.Entry, 10)
		body, err := json.Marshal(p)
		if err != nil {
			return err
		}
		c.Items = append(c.Items, bundle.Item{File: bundle.File{Path: "proofs/entry-" + n + ".json", Kind: bundle.KindProof, Record: n}, Body: body})
	}
	head, err := ledger.OpenCheckpoint(checkpoint, o.Ledger.Key.Verifier())
	c.Checkpoint, c.Journal = checkpoint, bundle.Journal{Size: head.Size, Root: hex.EncodeToString(head.Root), Verifier: o.Ledger.Key.Verifier()}
	return err
}

func fileOf(g custody.Given, f incident.Incident) itemFile {
	out := itemFile{Exhibit: g.Exhibit, ID: g.ID, Kind: g.Kind, Description: g.Description, Parent: g.Parent, Device: g.Device, Source: g.Source, Authority: g.Authority, Method: g.Method, Began: g.Began,
		Ended: g.Ended, Patients: g.Patients, TLP: string(f.TLP.Stricter(g.TLP)), PAP: string(f.PAP.Stricter(g.PAP)), Seal: g.Seal, Place: g.Place, Holder: g.HolderName, State: g.State, File: g.File, Size: g.Size, SHA256: g.SHA256, Hold: g.Keep.Held,
		RetainUntil: g.Keep.Until, SHA512: g.SHA512, Expected: g.Expected, Differs: g.Differs(), Keys: g.Keys, Receipt: g.Receipt, Details: g.Details, Verified: g.Verified, Head: g.Head, Without: g.Without, Incident: f.Number}
	if g.SkewKnown {
		out.Skew = g.Skew.String()
	}
	return out
}

// extension is the end of a file's name, as far as it is plain.
func extension(name string) string {
	e := strings.ToLower(path.Ext(name))
	if len(e) < 2 || len(e) > 8 || strings.Trim(e[1:], "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return ".bin"
	}
	return e
}
