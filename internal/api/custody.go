package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"triward/apiv1"
	"triward/internal/assurance/exhibits"
	"triward/internal/incident"
	"triward/internal/incident/custody"
	"triward/internal/problem"
	"triward/internal/store"
)

// custody are the operations about the evidence of incidents.
func (s *Server) custody() {
	add(s, op{id: "evidence-items", route: "GET /incidents/{id}/evidence", kind: custody.KindRead, summary: "Evidence of an incident"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.EvidenceItem], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]custody.Item, error) { return custody.List(ctx, r, in.ID) })
			return list(all, wireItem), err
		})
	add(s, op{id: "register-evidence", route: "POST /incidents/{id}/evidence", kind: custody.KindRegistered, status: http.StatusCreated, summary: "Register evidence; its content comes afterwards, piece by piece"},
		func(ctx context.Context, in *oneWith[apiv1.EvidenceInput]) (apiv1.Made, error) {
			i, err := itemOf(in.Body)
			if err != nil {
				return apiv1.Made{}, err
			}
			i.Incident = in.ID
			id, err := s.Vault.Register(ctx, i)
			return apiv1.Made{ID: id}, err
		})
	add(s, op{id: "evidence-item", route: "GET /evidence-items/{id}", kind: custody.KindRead, summary: "One piece of evidence; its size says where an upload goes on"},
		func(ctx context.Context, in *one) (apiv1.EvidenceItem, error) {
			i, err := read(ctx, s, func(r store.Reader) (custody.Item, error) { return custody.Get(ctx, r, in.ID) })
			return wireItem(i), err
		})
	add(s, op{id: "custody-chain", route: "GET /evidence-items/{id}/custody", kind: custody.KindRead, summary: "Chain of custody of a piece of evidence, recomputed while it is read"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.CustodyEntry], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]custody.Entry, error) {
				all, err := custody.Chain(ctx, r, in.ID)
				if err == nil {
					err = custody.CheckChain(all)
				}
				return all, err
			})
			return list(all, wireCustody), err
		})
	add(s, op{id: "append-evidence", route: "PUT /evidence-items/{id}/content", kind: custody.KindContent, upload: custody.MaxPart, accepts: []string{"application/octet-stream"},
		summary: "Send the next piece of the content, at most 64 MiB; begins is the size that was acknowledged before"},
		func(ctx context.Context, in *struct {
			ID     string `path:"id" maxLength:"200"`
			Begins int64  `query:"begins" minimum:"0"`
			File   sentFile
		}) (apiv1.EvidencePlace, error) {
			n, err := s.Vault.Append(ctx, in.ID, in.Begins, in.File.r)
			if err != nil && problem.KindOf(err) == "" {
				err = cutOff(err)
			}
			return apiv1.EvidencePlace{Size: n}, err
		})
	act(s, op{id: "announce-evidence", route: "POST /evidence-items/{id}/announce", kind: custody.KindContent, summary: "Tell the name of the file that comes in and the hash that was taken at collection, before its content; 409 when another hash was told"},
		func(ctx context.Context, in *oneWith[apiv1.EvidenceComing]) error {
			return s.Vault.Announce(ctx, in.ID, custody.Coming{File: in.Body.File, SHA256: in.Body.SHA256})
		})
	act(s, op{id: "seal-evidence", route: "POST /evidence-items/{id}/seal", kind: custody.KindSealed, summary: "Seal evidence: its content and hash do not change any more"},
		func(ctx context.Context, in *oneWith[apiv1.SealInput]) error {
			b := in.Body
			return s.Vault.Seal(ctx, in.ID, custody.Sealing{Number: b.Seal, Place: b.Place, Expected: b.Expected, Difference: b.Difference})
		})
	for _, h := range []struct {
		id, route, summary string
		do                 func(context.Context, string, custody.Hand) error
	}{{"transfer-evidence", "transfer", "Hand evidence to somebody; it is hashed before", s.Vault.Transfer},
		{"receive-evidence", "receive", "Say that the actor has what was handed over; it is hashed after", func(ctx context.Context, id string, h custody.Hand) error { return s.Vault.Receive(ctx, id, h.Place) }},
		{"take-back-evidence", "take-back", "Put evidence back under seal, from a colleague or from outside; content from outside with its hash", s.Vault.TakeBack},
		{"release-evidence", "release", "Give evidence out of the organisation", s.Vault.Release},
		{"receipt-evidence", "receipt", "Record the receipt of whom evidence was released to, with the hash that they found", s.Vault.Confirm}} {
		act(s, op{id: h.id, route: "POST /evidence-items/{id}/" + h.route, kind: custody.KindTransferred, summary: h.summary},
			func(ctx context.Context, in *oneWith[apiv1.HandInput]) error {
				b := in.Body
				return h.do(ctx, in.ID, custody.Hand{To: b.To, Outside: b.Outside, As: incident.Audience(b.As), Reason: b.Reason, Authority: b.Authority, Place: b.Place, Witness: b.Witness, Seal: b.Seal,
					Receipt: b.Receipt, On: b.On, SHA256: b.SHA256})
			})
	}
	s.custodyRest()
}

func (s *Server) custodyRest() {
	add(s, op{id: "rewrap-evidence", route: "POST /evidence-rewraps", kind: custody.KindRewrapped, summary: "Encrypt with the newest key what is encrypted with an older one; cut short, it goes on when it is called again"},
		func(ctx context.Context, _ *struct{}) (apiv1.EvidenceRewrapped, error) {
			n, err := s.Vault.Rewrap(ctx)
			return apiv1.EvidenceRewrapped{Parts: n}, err
		})
	stream(s, op{id: "export-evidence", route: "POST /incidents/{id}/evidence-exports", kind: custody.KindWorked, summary: "Export the evidence of an incident as a bundle that anybody checks offline; that it was exported is recorded in every chain of custody"},
		"application/zip", func(ctx context.Context, in *oneWith[apiv1.EvidenceExport], w io.Writer) error {
			b := in.Body
			built, err := exhibits.Office{Vault: s.Vault, Ledger: s.Ledger}.Export(ctx, in.ID, custody.Order{As: incident.Audience(b.As), To: b.To, Reason: b.Reason, Authority: b.Authority, Content: b.Content})
			if err == nil {
				_, err = w.Write(built.Archive)
			}
			return err
		})
	act(s, op{id: "work-on-evidence", route: "POST /evidence-items/{id}/work", kind: custody.KindWorked, summary: "Record that evidence was copied, analysed or exported"},
		func(ctx context.Context, in *oneWith[apiv1.WorkInput]) error {
			return s.Vault.Work(ctx, in.ID, custody.Action(in.Body.Action), in.Body.Reason)
		})
	act(s, op{id: "verify-evidence", route: "POST /evidence-items/{id}/verify", kind: custody.KindVerified, summary: "Hash evidence again; a hash that differs breaks its integrity"},
		func(ctx context.Context, in *one) error { return s.Vault.Verify(ctx, in.ID) })
	for _, w := range []struct {
		id, route, kind, summary string
		do                       func(context.Context, string, string) error
	}{{"hold-evidence", "hold", custody.KindHeld, "Put evidence under a legal hold", s.Vault.Hold}, {"end-hold", "end-hold", custody.KindHeld, "End a legal hold", s.Vault.EndHold},
		{"accept-broken", "accept-broken", custody.KindAccepted, "Accept that the integrity of evidence is broken", s.Vault.Accept},
		{"destroy-evidence", "destroy", custody.KindDestroyed, "Ask to destroy evidence, or destroy it when somebody else asked before", s.Vault.Destroy}} {
		act(s, op{id: w.id, route: "POST /evidence-items/{id}/" + w.route, kind: w.kind, summary: w.summary},
			func(ctx context.Context, in *oneWith[apiv1.Reason]) error { return w.do(ctx, in.ID, in.Body.Reason) })
	}
	s.evidenceContent()
}

type contentIn struct {
	ID     string `path:"id" maxLength:"200"`
	Reason string `query:"reason" maxLength:"4000"`
	Range  string `header:"Range" maxLength:"100" doc:"One stretch, as bytes=100- or bytes=100-199: a download that was cut short goes on; each is recorded"`
}

// evidenceContent gives content out, whole or from where a download was cut short (RFC 9110, 14).
func (s *Server) evidenceContent() {
	const kind = "application/octet-stream"
	h := s.operation(op{id: "evidence-content", route: "GET /evidence-items/{id}/content", kind: custody.KindAccessed, summary: "The content of a piece of evidence, whole or a stretch of it; that it was read, and why, is recorded first"})
	binary := map[string]*huma.MediaType{kind: {Schema: &huma.Schema{Type: "string", Format: "binary"}}}
	h.Responses["200"], h.Responses["206"] = &huma.Response{Description: "The content", Content: binary}, &huma.Response{Description: "A stretch of the content", Content: binary}
	huma.Register(s.api, h, func(ctx context.Context, in *contentIn) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			s.send(hc, kind, func(out *late) error {
				span, part := spanOf(in.Range)
				item, content, err := s.Vault.OpenSpan(ctx, in.ID, in.Reason, span)
				if err != nil {
					return err
				}
				header := out.w.Header()
				header.Set("Accept-Ranges", "bytes")
				if item.SHA256 != "" {
					header.Set("ETag", `"`+item.SHA256+`"`)
				}
				if part {
					if span.Ends == 0 || span.Ends > item.Size {
						span.Ends = item.Size
					}
					out.status = http.StatusPartialContent
					header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", span.Begins, span.Ends-1, item.Size))
				}
				_, err = io.Copy(out, content)
				return errors.Join(err, content.Close())
			})
		}}, nil
	})
}

// spanOf reads one range of bytes that begins at a place; any other form is not understood, and all is given (RFC 9110, 14.2).
func spanOf(text string) (custody.Span, bool) {
	set, ok := strings.CutPrefix(strings.TrimSpace(text), "bytes=")
	first, last, dash := strings.Cut(set, "-")
	from, err := strconv.ParseInt(first, 10, 64)
	if !ok || !dash || err != nil || from < 0 {
		return custody.Span{}, false
	}
	if last == "" {
		return custody.Span{Begins: from}, true
	}
	to, err := strconv.ParseInt(last, 10, 64)
	if err != nil || to < from || to == 1<<63-1 {
		return custody.Span{}, false
	}
	return custody.Span{Begins: from, Ends: to + 1}, true
}

// itemOf is a new item as it is sent.
func itemOf(b apiv1.EvidenceInput) (custody.Item, error) {
	i := custody.Item{Kind: custody.Kind(b.Kind), Description: b.Description, Parent: b.Parent, Device: b.Device, Source: b.Source, Authority: b.Authority, Method: b.Method, Details: custody.Details(b.EvidenceDetails),
		Began: b.Began, Ended: b.Ended, Patients: custody.Patients(b.Patients), TLP: incident.Marking(b.TLP), PAP: incident.Marking(b.PAP), Seal: b.Seal, Place: b.Place, File: b.File,
		Expected: b.Expected, WithSHA512: b.WithSHA512, RetainUntil: b.RetainUntil}
	return i, i.ReadSkew(b.Skew)
}

func wireItem(i custody.Item) apiv1.EvidenceItem {
	out := apiv1.EvidenceItem{ID: i.ID, Exhibit: i.Exhibit, Incident: i.Incident, State: string(i.State), Holder: i.HolderName, Receipt: i.Receipt, Size: i.Size, Received: i.Received(), SHA256: i.SHA256, SHA512: i.SHA512,
		Differs: i.Differs(), Keys: i.Keys, Hold: i.Keep.Held, OwnHold: i.Hold, KeptOpen: i.Keep.Open, KeptUntil: i.Keep.Until, AskedEnd: i.DestroyerBy, Verified: i.Verified, Entries: i.Entries, Head: i.Head,
		EvidenceInput: apiv1.EvidenceInput{Kind: string(i.Kind), Description: i.Description, Parent: i.Parent, Device: i.Device, Source: i.Source, Authority: i.Authority, Method: i.Method,
			EvidenceDetails: apiv1.EvidenceDetails(i.Details), Began: i.Began, Ended: i.Ended, Patients: string(i.Patients), TLP: string(i.TLP), PAP: string(i.PAP), Seal: i.Seal, Place: i.Place, File: i.File,
			Expected: i.Expected, WithSHA512: i.WithSHA512, RetainUntil: i.RetainUntil}}
	if i.SkewKnown {
		out.Skew = i.Skew.String()
	}
	return out
}

func wireCustody(e custody.Entry) apiv1.CustodyEntry {
	return apiv1.CustodyEntry{Item: e.Item, Seq: e.Seq, Action: string(e.Action), At: e.At, Actor: e.Actor, ActorName: e.ActorName, From: e.From, To: e.To, Reason: e.Reason, Authority: e.Authority, Place: e.Place,
		Witness: e.Witness, Seal: e.Seal, HashBefore: e.HashBefore, HashAfter: e.HashAfter, Match: e.Match, State: string(e.State), Receipt: e.Receipt, On: e.On, Details: (*apiv1.EvidenceDetails)(e.Details),
		Prev: e.Prev, Hash: e.Hash}
}
