package api

import (
	"context"
	"io"
	"net/http"

	"triward/apiv1"
	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/document/turn"
	"triward/internal/document/upkeep"
	"triward/internal/people"
	"triward/internal/store"
)

// documents are the operations about documents and their revisions. What is signed takes the signer's own session, so it is
// done on the web pages: an API token cannot sign.
func (s *Server) documents() {
	add(s, op{id: "documents", route: "GET /documents", kind: document.KindRead, summary: "Documents, by code"},
		func(ctx context.Context, in *struct{ apiv1.DocumentQuery }) (apiv1.Page[apiv1.Document], error) {
			q := document.Query{Level: source.Level(in.Level), State: document.State(in.State), OwnerRole: source.Function(in.Owner), For: source.Audience(in.For),
				Content: document.Content(in.Content), Product: in.Product, Parent: in.Parent, Text: in.Text, Sort: in.Sort, After: in.After, Limit: in.Limit}
			if in.Overdue == "yes" {
				q.Overdue = s.DB.Now()
			}
			p, err := read(ctx, s, func(r store.Reader) (document.Page, error) { return document.Documents(ctx, r, q) })
			return page(p.Items, p.Next, s.wireDocument), err
		})
	add(s, op{id: "document", route: "GET /documents/{id}", kind: document.KindRead, summary: "One document by its code, with what stands around it"}, s.document)
	add(s, op{id: "add-document", route: "POST /documents", kind: document.KindCreated, status: http.StatusCreated,
		summary: "Add a document with the draft of its first revision; the answer is the revision"}, s.addDocument)
	add(s, op{id: "effective", route: "GET /documents/{id}/effective", kind: document.KindRead, summary: "The revision of a document that is or was in force"}, s.effective)
	add(s, op{id: "revisions", route: "GET /documents/{id}/revisions", kind: document.KindRead, summary: "Revisions of a document, the newest first"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.Revision], error) {
			all, err := ofDocument(ctx, s, in.ID, document.Revisions)
			return list(all, wireRevision), err
		})
	add(s, op{id: "open-revision", route: "POST /documents/{id}/revisions", kind: document.KindRevisionOpened, status: http.StatusCreated,
		summary: "Begin the next revision of a document; with an old one as base it is a rollback"},
		func(ctx context.Context, in *oneWith[apiv1.RevisionInput]) (apiv1.Made, error) {
			b := in.Body
			rid, err := s.Library.Open(ctx, document.Opening{Code: in.ID, Base: document.RevisionID(b.Base), Change: b.Change, Size: document.Size(b.Size), Reason: b.Reason})
			return apiv1.Made{ID: string(rid)}, err
		})
	add(s, op{id: "prepare-temporary", route: "POST /documents/{id}/temporary", kind: document.KindRevisionOpened, status: http.StatusCreated,
		summary: "Begin a temporary instruction; another person issues it"},
		func(ctx context.Context, in *oneWith[apiv1.TemporaryInput]) (apiv1.Made, error) {
			rid, err := s.Library.PrepareTemporary(ctx, document.Temporary{Code: in.ID, Source: in.Body.Source, Expires: endOfDay(in.Body.Expires), Reason: in.Body.Reason})
			return apiv1.Made{ID: string(rid)}, err
		})
	act(s, op{id: "classify-document", route: "PUT /documents/{id}/classes", kind: document.KindClassified, summary: "Say which device files a document belongs to, and whether it is inspectable"},
		func(ctx context.Context, in *oneWith[apiv1.DocumentClasses]) error {
			return s.Upkeep.Classify(ctx, in.ID, document.Classes{Inspectable: in.Body.Inspectable, Products: in.Body.Products}, in.Body.Reason)
		})
	s.revisions()
	s.documentFiles()
}

func (s *Server) revisions() {
	add(s, op{id: "revision", route: "GET /revisions/{id}", kind: document.KindRead, summary: "One revision with its text and what was decided about it"}, s.revision)
	stream(s, op{id: "revision-page", route: "GET /revisions/{id}/page", kind: document.KindRead, summary: "The page of a revision: the bytes that are displayed and signed"},
		"text/html", func(ctx context.Context, in *one, w io.Writer) error {
			shown, err := s.Library.Display(ctx, document.RevisionID(in.ID))
			if err != nil {
				return err
			}
			_, err = w.Write(shown.HTML)
			return err
		})
	act(s, op{id: "save-revision", route: "PUT /revisions/{id}", kind: document.KindEdited, summary: "Save the next version of a text; decisions about the one before are void"},
		func(ctx context.Context, in *oneWith[apiv1.RevisionEdit]) error {
			was, err := read(ctx, s, func(r store.Reader) (document.Revision, error) {
				return document.RevisionOf(ctx, r, document.RevisionID(in.ID))
			})
			if err != nil {
				return err
			}
			t := textOf(in.Body.RevisionText)
			t.File = was.File
			_, err = s.Library.Save(ctx, document.Edit{Revision: was.ID, Version: in.Body.Version, Text: t})
			return err
		})
	for _, a := range []struct {
		id, route, kind, summary string
		do                       func(ctx context.Context, rid document.RevisionID, reason string) error
	}{
		{"submit-revision", "submit", document.KindSubmitted, "Send a draft to the next round of review", s.Library.Submit},
		{"send-back-revision", "send-back", document.KindChangesRequested, "Ask for changes; decisions so far are void", s.Library.SendBack},
		{"reject-revision", "reject", document.KindRejected, "End a revision that is on its way, for good", s.Library.Reject},
		{"freeze-revision", "freeze", document.KindFrozen, "Fix the content of a revision that everybody reviewed", func(ctx context.Context, rid document.RevisionID, _ string) error { return s.Library.Freeze(ctx, rid) }},
		{"log-print", "prints", document.KindPrinted, "Log that a revision is printed, and why", s.Distribution.Print},
	} {
		act(s, op{id: a.id, route: "POST /revisions/{id}/" + a.route, kind: a.kind, summary: a.summary},
			func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
				return a.do(ctx, document.RevisionID(in.ID), in.Body.Reason)
			})
	}
	act(s, op{id: "receive-revision", route: "POST /revisions/{id}/receive", kind: document.KindReceived, summary: "Say that one received a revision"},
		func(ctx context.Context, in *one) error {
			return s.Distribution.Receive(ctx, document.RevisionID(in.ID))
		})
	add(s, op{id: "edits", route: "GET /revisions/{id}/edits", kind: document.KindRead, summary: "Every version of a text that was saved"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.SavedText], error) {
			all, err := ofRevision(ctx, s, in.ID, document.Edits)
			return list(all, func(e document.Saved) apiv1.SavedText {
				return apiv1.SavedText{Version: e.Version, ContentHash: e.ContentHash, Reason: e.Reason, Name: e.Name, At: e.At}
			}), err
		})
	add(s, op{id: "diff-revisions", route: "GET /revisions/{id}/diff/{to}", kind: document.KindRead, summary: "How the texts of two revisions differ, line by line"}, s.diffRevisions)
	add(s, op{id: "comments", route: "GET /revisions/{id}/comments", kind: document.KindRead, summary: "Comments on a revision, by line"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.Comment], error) {
			all, err := ofRevision(ctx, s, in.ID, document.Comments)
			return list(all, wireComment), err
		})
	add(s, op{id: "comment", route: "POST /revisions/{id}/comments", kind: document.KindCommented, status: http.StatusCreated, summary: "Comment on a line of a text, or suggest another one"},
		func(ctx context.Context, in *oneWith[apiv1.CommentInput]) (apiv1.Made, error) {
			b := in.Body
			id, err := s.Library.Comment(ctx, document.Comment{Revision: document.RevisionID(in.ID), Line: b.Line, Text: b.Text, Suggests: b.Suggests || b.Suggestion != "", Suggestion: b.Suggestion})
			return apiv1.Made{ID: id}, err
		})
	act(s, op{id: "settle-comment", route: "POST /comments/{id}/settle", kind: document.KindCommentSettled, summary: "Settle a comment; accepting its suggestion edits the text"},
		func(ctx context.Context, in *oneWith[apiv1.SettleInput]) error {
			return s.Library.Settle(ctx, in.ID, document.Settlement(in.Body.Outcome), in.Body.Answer)
		})
	add(s, op{id: "turns", route: "GET /me/documents", kind: document.KindRead, summary: "What waits for the actor, as author and by the functions that they hold"},
		func(ctx context.Context, _ *none) (apiv1.List[apiv1.DocumentTurn], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]turn.Turn, error) {
				a, _ := store.ActorOf(ctx)
				who, err := people.Person(ctx, r, a)
				if err != nil {
					return nil, err
				}
				return turn.Of(ctx, r, who.ID, s.DB.Now())
			})
			return list(all, func(t turn.Turn) apiv1.DocumentTurn {
				return apiv1.DocumentTurn{Kind: string(t.Kind), Code: t.Code, Title: t.Title, Revision: string(t.Revision), Label: t.Label, Function: string(t.Function), Due: t.Due}
			}), err
		})
}

// ofDocument reads what belongs to the document of a code.
func ofDocument[T any](ctx context.Context, s *Server, code string, fn func(context.Context, store.Reader, document.ID) (T, error)) (T, error) {
	return read(ctx, s, func(r store.Reader) (v T, err error) {
		d, err := document.ByCode(ctx, r, code)
		if err != nil {
			return v, err
		}
		return fn(ctx, r, d.ID)
	})
}

// ofRevision reads what belongs to a revision.
func ofRevision[T any](ctx context.Context, s *Server, id string, fn func(context.Context, store.Reader, document.RevisionID) (T, error)) (T, error) {
	return read(ctx, s, func(r store.Reader) (T, error) { return fn(ctx, r, document.RevisionID(id)) })
}

func textOf(in apiv1.RevisionText) document.Text {
	return document.Text{Source: in.Source, Reason: in.Reason, External: document.External{Edition: in.Edition, Publisher: in.Publisher, Address: in.Address, Watch: day(in.Watch)}}
}

func (s *Server) addDocument(ctx context.Context, in *with[apiv1.DocumentInput]) (apiv1.Made, error) {
	rid, err := s.Library.Create(ctx, document.New{Content: document.Content(in.Body.Content), Text: textOf(in.Body.RevisionText), Inspectable: in.Body.Inspectable,
		Products: in.Body.Products})
	return apiv1.Made{ID: string(rid)}, err
}

func (s *Server) document(ctx context.Context, in *one) (apiv1.DocumentShown, error) {
	return read(ctx, s, func(r store.Reader) (out apiv1.DocumentShown, err error) {
		d, err := document.ByCode(ctx, r, in.ID)
		if err != nil {
			return out, err
		}
		products, err := document.ProductsOf(ctx, r, d.ID)
		if err != nil {
			return out, err
		}
		users, err := document.UsedBy(ctx, r, d.Code)
		if err != nil {
			return out, err
		}
		shown := d.Effective
		if shown == "" {
			shown = d.Newest
		}
		banners, err := upkeep.Banners(ctx, r, shown, s.DB.Now())
		return apiv1.DocumentShown{Document: s.wireDocument(d), Products: orEmpty(products),
			UsedBy: each(users, func(u document.User) apiv1.DocumentUser {
				return apiv1.DocumentUser{Code: u.Code, Title: u.Title, Revision: string(u.Revision), State: string(u.State), How: u.How}
			}),
			Banners: each(banners, func(b upkeep.Banner) apiv1.DocumentBanner { return apiv1.DocumentBanner(b) })}, err
	})
}

func (s *Server) wireDocument(d document.Document) apiv1.Document {
	return apiv1.Document{ID: string(d.ID), Code: d.Code, Title: d.Title, Content: string(d.Content), Level: string(d.Level), Parent: d.Parent, Owner: string(d.OwnerRole),
		For: orEmpty(texts(d.For)), State: string(d.State), Effective: string(d.Effective), Working: string(d.Working), Newest: string(d.Newest), ReviewMonths: d.ReviewMonths,
		ReviewDue: d.ReviewDue, WatchDue: d.WatchDue, Overdue: d.Overdue(s.DB.Now()), Inspectable: d.Inspectable, Retired: d.Retired, RetireReason: d.RetireReason,
		Successor: d.Successor, At: d.At}
}

func (s *Server) effective(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"200"`
	apiv1.EffectiveQuery
}) (apiv1.Revision, error) {
	v, err := read(ctx, s, func(r store.Reader) (document.Revision, error) {
		if in.At.IsZero() {
			return document.Effective(ctx, r, in.ID)
		}
		return document.EffectiveAt(ctx, r, in.ID, in.At)
	})
	return wireRevision(v), err
}

func wireRevision(v document.Revision) apiv1.Revision {
	out := apiv1.Revision{ID: string(v.ID), Code: v.Code, Label: v.Label, State: string(v.State), Title: v.Title, Version: v.Version, Round: v.Round, ContentHash: v.ContentHash,
		Rendition: string(v.Rendition), FileName: v.File.Name, FileHash: string(v.File.Digest), Reason: v.Reason, Change: v.Change, Base: string(v.Base), Planned: v.Planned,
		TrainingDue: v.TrainingDue, ReleasedEarly: v.ReleasedEarly, Temporary: v.Temporary, Expires: v.Expires, Since: v.Since, Until: v.Until, Author: v.AuthorName, At: v.At,
		Approved: v.Approved}
	if v.Content == document.Linked {
		out.External = &apiv1.External{Edition: v.External.Edition, Publisher: v.External.Publisher, Address: v.External.Address, Watch: date(v.External.Watch)}
	}
	return out
}

func (s *Server) revision(ctx context.Context, in *one) (apiv1.RevisionShown, error) {
	return read(ctx, s, func(r store.Reader) (out apiv1.RevisionShown, err error) {
		v, err := document.RevisionOf(ctx, r, document.RevisionID(in.ID))
		if err != nil {
			return out, err
		}
		d, err := v.Parsed()
		if err != nil {
			return out, err
		}
		route := document.RouteOf(d)
		out = apiv1.RevisionShown{Revision: wireRevision(v), Source: v.Source, Review: orEmpty(texts(route.Review)), Approve: orEmpty(texts(route.Approve))}
		all, err := document.Decisions(ctx, r, v.ID)
		if err != nil {
			return out, err
		}
		out.Decisions = each(all, func(d document.Decision) apiv1.RevisionDecision {
			return apiv1.RevisionDecision{Round: d.Round, Stage: string(d.Stage), Function: string(d.Function), Verdict: string(d.Verdict), Name: d.Name, DelegateOf: d.DelegateOf,
				Reason: d.Reason, Signature: d.Signature, At: d.At, Voided: d.Voided, VoidReason: d.VoidReason}
		})
		if out.Waits, err = s.Library.Waits(ctx, r, v.ID); err != nil {
			return out, err
		}
		k, err := s.Upkeep.KeepUntil(ctx, r, v.ID)
		if out.KeepWhy = orEmpty(k.Why); !k.Forever {
			out.KeepUntil = k.Until
		}
		return out, err
	})
}

func (s *Server) diffRevisions(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"200"`
	To string `path:"to" maxLength:"200"`
}) (apiv1.List[apiv1.TextLine], error) {
	return read(ctx, s, func(r store.Reader) (apiv1.List[apiv1.TextLine], error) {
		from, err := document.RevisionOf(ctx, r, document.RevisionID(in.ID))
		if err != nil {
			return apiv1.List[apiv1.TextLine]{}, err
		}
		to, err := document.RevisionOf(ctx, r, document.RevisionID(in.To))
		return list(source.Lines(from.Source, to.Source), func(l source.DiffLine) apiv1.TextLine {
			return apiv1.TextLine{Change: string(l.Change), Text: l.Text()}
		}), err
	})
}

func wireComment(c document.Comment) apiv1.Comment {
	return apiv1.Comment{ID: c.ID, CommentInput: apiv1.CommentInput{Text: c.Text, Line: c.Line, Suggests: c.Suggests, Suggestion: c.Suggestion}, Quote: c.Quote, Name: c.Name, At: c.At,
		Settled: c.Settled, Outcome: string(c.Outcome), Answer: c.Answer}
}
