package api

import (
	"context"
	"net/http"

	"triward/apiv1"
	"triward/internal/content"
	"triward/internal/document"
	"triward/internal/document/distribution"
	"triward/internal/document/kit"
	"triward/internal/document/source"
	"triward/internal/document/upkeep"
	"triward/internal/store"
)

// documentControl are the operations around documents: change requests, functions, distribution and upkeep.
func (s *Server) documentControl() {
	s.changeRequests()
	s.functions()
	s.distribution()
	s.upkeep()
	s.kits()
}

func (s *Server) changeRequests() {
	add(s, op{id: "change-requests", route: "GET /change-requests", kind: document.KindRead, summary: "Change requests, the newest first"},
		func(ctx context.Context, in *struct{ apiv1.ChangeQuery }) (apiv1.Page[apiv1.ChangeRequest], error) {
			p, err := read(ctx, s, func(r store.Reader) (store.Page[document.Change], error) {
				return document.Changes(ctx, r, document.ChangeQuery{State: document.ChangeState(in.State), Class: document.ChangeClass(in.Class), Code: in.Code, Sort: in.Sort, After: in.After, Limit: in.Limit})
			})
			return page(p.Items, p.Next, wireChange), err
		})
	add(s, op{id: "change-request", route: "GET /change-requests/{id}", kind: document.KindRead, summary: "One change request and what its documents wait for"},
		func(ctx context.Context, in *one) (apiv1.ChangeRequest, error) {
			return read(ctx, s, func(r store.Reader) (apiv1.ChangeRequest, error) {
				c, err := document.ChangeOf(ctx, r, in.ID)
				if err != nil {
					return apiv1.ChangeRequest{}, err
				}
				out := wireChange(c)
				if c.State == document.ChangeOpen {
					out.Waits, err = s.Library.AwaitingRelease(ctx, r, in.ID)
				}
				return out, err
			})
		})
	add(s, op{id: "open-change-request", route: "POST /change-requests", kind: document.KindChangeOpened, status: http.StatusCreated, summary: "Open a change request"},
		func(ctx context.Context, in *with[apiv1.ChangeRequestInput]) (apiv1.Made, error) {
			id, err := s.Library.OpenChange(ctx, changeOf(in.Body))
			return apiv1.Made{ID: id}, err
		})
	act(s, op{id: "edit-change-request", route: "PUT /change-requests/{id}", kind: document.KindChangeEdited, summary: "Replace what a change request says; decisions about its revisions are void"},
		func(ctx context.Context, in *oneWith[apiv1.ChangeRequestInput]) error {
			c := changeOf(in.Body)
			c.ID = in.ID
			return s.Library.EditChange(ctx, c)
		})
	act(s, op{id: "cancel-change-request", route: "POST /change-requests/{id}/cancel", kind: document.KindChangeClosed, summary: "Cancel a change request"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
			return s.Library.CancelChange(ctx, in.ID, in.Body.Reason)
		})
}

func changeOf(in apiv1.ChangeRequestInput) document.Change {
	return document.Change{Title: in.Title, Reason: in.Reason, Class: document.ChangeClass(in.Class), NotifyOnly: in.NotifyOnly,
		Impact: document.Impact{Documents: in.OnDocuments, Devices: in.OnDevices, Training: in.OnTraining, Submissions: in.OnSubmissions, Validation: in.OnValidation},
		Items:  each(in.Codes, func(c string) document.Item { return document.Item{Code: c} })}
}

func wireChange(c document.Change) apiv1.ChangeRequest {
	return apiv1.ChangeRequest{ID: c.ID, Source: c.Source, State: string(c.State), Author: c.AuthorName, At: c.At, Closed: c.Closed, CloseReason: c.CloseReason,
		ChangeRequestInput: apiv1.ChangeRequestInput{Title: c.Title, Class: string(c.Class), Codes: each(c.Items, func(it document.Item) string { return it.Code }),
			OnDocuments: c.Impact.Documents, OnDevices: c.Impact.Devices, OnTraining: c.Impact.Training, OnSubmissions: c.Impact.Submissions, OnValidation: c.Impact.Validation,
			NotifyOnly: c.NotifyOnly, Reason: c.Reason}}
}

func (s *Server) functions() {
	add(s, op{id: "functions", route: "GET /functions", kind: document.KindRead, summary: "Who holds which function, themselves or for another; ended ones too"},
		func(ctx context.Context, _ *none) (apiv1.List[apiv1.FunctionHolder], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]document.Holder, error) { return document.Holdings(ctx, r) })
			return list(all, func(h document.Holder) apiv1.FunctionHolder {
				return apiv1.FunctionHolder{ID: h.ID, Function: string(h.Function), Account: h.Account, Name: h.Name, DelegateOf: h.DelegateOf, Since: h.Since, Until: h.Until,
					Reason: h.Reason, Ended: h.Ended, EndReason: h.EndReason}
			}), err
		})
	add(s, op{id: "assign-function", route: "POST /functions", kind: document.KindFunctionAssigned + "|" + document.KindDelegated, status: http.StatusCreated,
		summary: "Assign a function to an account, or let it act for another one until a day"},
		func(ctx context.Context, in *with[apiv1.FunctionInput]) (apiv1.Made, error) {
			b := in.Body
			if b.DelegateOf == "" {
				id, err := s.Library.Assign(ctx, source.Function(b.Function), b.Account, b.Reason)
				return apiv1.Made{ID: id}, err
			}
			id, err := s.Library.Delegate(ctx, document.Holder{Function: source.Function(b.Function), Account: b.Account, DelegateOf: b.DelegateOf, Until: endOfDay(b.Until), Reason: b.Reason})
			return apiv1.Made{ID: id}, err
		})
	act(s, op{id: "release-function", route: "POST /functions/{id}/release", kind: document.KindFunctionReleased + "|" + document.KindDelegated, summary: "End the holding or delegation of a function"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
			return s.Library.Release(ctx, in.ID, in.Body.Reason)
		})
}

func (s *Server) distribution() {
	act(s, op{id: "distribute", route: "PUT /documents/{id}/distribution", kind: document.KindDistributed, summary: "Replace the distribution list of a document"},
		func(ctx context.Context, in *oneWith[apiv1.DistributionInput]) error {
			var to []distribution.Recipient
			for kind, values := range map[distribution.Kind][]string{distribution.ToFunction: in.Body.Functions, distribution.ToSite: in.Body.Sites, distribution.ToProduct: in.Body.Products} {
				for _, v := range values {
					to = append(to, distribution.Recipient{Kind: kind, Value: v})
				}
			}
			return s.Distribution.Distribute(ctx, in.ID, to, in.Body.Reason)
		})
	add(s, op{id: "distribution", route: "GET /documents/{id}/distribution", kind: document.KindRead, summary: "The distribution list of a document"},
		func(ctx context.Context, in *one) (apiv1.DistributionInput, error) {
			to, err := ofDocument(ctx, s, in.ID, distribution.Recipients)
			out := apiv1.DistributionInput{Functions: []string{}, Sites: []string{}, Products: []string{}}
			for _, x := range to {
				list := map[distribution.Kind]*[]string{distribution.ToFunction: &out.Functions, distribution.ToSite: &out.Sites, distribution.ToProduct: &out.Products}[x.Kind]
				*list = append(*list, x.Value)
			}
			return out, err
		})
	add(s, op{id: "receipts", route: "GET /revisions/{id}/receipts", kind: document.KindRead, summary: "Who received a revision, and who of the list has not said so"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.DocumentReceipt], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]distribution.Receipt, error) {
				return distribution.Receipts(ctx, r, document.RevisionID(in.ID), s.DB.Now())
			})
			return list(all, func(x distribution.Receipt) apiv1.DocumentReceipt { return apiv1.DocumentReceipt(x) }), err
		})
	add(s, op{id: "prints", route: "GET /documents/{id}/prints", kind: document.KindRead, summary: "The print log of a document, the newest first"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.PrintLine], error) {
			all, err := ofDocument(ctx, s, in.ID, distribution.Prints)
			return list(all, func(p distribution.Printed) apiv1.PrintLine { return apiv1.PrintLine(p) }), err
		})
	add(s, op{id: "copies", route: "GET /documents/{id}/copies", kind: document.KindRead, summary: "Numbered copies of a document on paper"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.ControlledCopy], error) {
			all, err := ofDocument(ctx, s, in.ID, distribution.Copies)
			return list(all, func(c distribution.Copy) apiv1.ControlledCopy {
				return apiv1.ControlledCopy{ID: c.ID, Number: c.Number, Label: c.Label, Holder: c.Holder, Place: c.Place, Expires: c.Expires, At: c.At, Recalled: c.Recalled, Confirmed: c.Confirmed}
			}), err
		})
	add(s, op{id: "issue-copy", route: "POST /revisions/{id}/copies", kind: document.KindCopyIssued, status: http.StatusCreated, summary: "Give out a numbered copy of an effective revision"},
		func(ctx context.Context, in *oneWith[apiv1.CopyInput]) (apiv1.Made, error) {
			c, err := s.Distribution.IssueCopy(ctx, document.RevisionID(in.ID), distribution.Copy{Holder: in.Body.Holder, Place: in.Body.Place, Expires: endOfDay(in.Body.Expires), Reason: in.Body.Reason})
			return apiv1.Made{ID: c.ID}, err
		})
	act(s, op{id: "recall-copy", route: "POST /copies/{id}/recall", kind: document.KindCopyRecalled, summary: "Ask for a copy back"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
			return s.Distribution.RecallCopy(ctx, in.ID, in.Body.Reason)
		})
	act(s, op{id: "confirm-copy", route: "POST /copies/{id}/confirm", kind: document.KindCopyReturned, summary: "Confirm that a recalled copy came back or was destroyed"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
			return s.Distribution.ConfirmCopy(ctx, in.ID, in.Body.Reason)
		})
}

func (s *Server) upkeep() {
	add(s, op{id: "deviations", route: "GET /documents/{id}/deviations", kind: document.KindRead, summary: "Deviations and waivers from a document, the newest first"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.Deviation], error) {
			all, err := ofDocument(ctx, s, in.ID, upkeep.Deviations)
			return list(all, func(d upkeep.Deviation) apiv1.Deviation {
				return apiv1.Deviation{ID: d.ID, Kind: string(d.Kind), Step: d.Step, Text: d.Text, Risk: d.Risk, Reason: d.Reason, Name: d.Name, Since: d.Since, Until: d.Until, Ended: d.Ended,
					Active: d.Active(s.DB.Now())}
			}), err
		})
	act(s, op{id: "end-deviation", route: "POST /deviations/{id}/end", kind: document.KindDeviationEnded, summary: "End a deviation before its time"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
			return s.Upkeep.EndDeviation(ctx, in.ID, in.Body.Reason)
		})
	act(s, op{id: "lift-caution", route: "POST /cautions/{id}/lift", kind: document.KindCautionLifted, summary: "Take a caution from its document"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
			return s.Library.LiftCaution(ctx, in.ID, in.Body.Reason)
		})
	add(s, op{id: "document-reviews", route: "GET /documents/{id}/reviews", kind: document.KindRead, summary: "Periodic reviews of a document, the newest first"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.DocumentReview], error) {
			all, err := ofDocument(ctx, s, in.ID, upkeep.PeriodicReviews)
			return list(all, func(p upkeep.PeriodicReview) apiv1.DocumentReview {
				return apiv1.DocumentReview{Label: p.Label, Verdict: string(p.Verdict), Reason: p.Reason, Change: p.Change, Name: p.Name, At: p.At, NextDue: p.NextDue}
			}), err
		})
	add(s, op{id: "holds", route: "GET /documents/{id}/holds", kind: document.KindRead, summary: "Legal holds of a document"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.LegalHold], error) {
			all, err := ofDocument(ctx, s, in.ID, upkeep.Holds)
			return list(all, func(h upkeep.Hold) apiv1.LegalHold {
				return apiv1.LegalHold{ID: h.ID, Reason: h.Reason, At: h.At, Released: h.Released}
			}), err
		})
	add(s, op{id: "put-hold", route: "POST /documents/{id}/holds", kind: document.KindHeld, status: http.StatusCreated, summary: "Put a document on legal hold"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) (apiv1.Made, error) {
			id, err := s.Upkeep.PutHold(ctx, in.ID, in.Body.Reason)
			return apiv1.Made{ID: id}, err
		})
	act(s, op{id: "release-hold", route: "POST /holds/{id}/release", kind: document.KindHoldReleased, summary: "Release a legal hold"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
			return s.Upkeep.ReleaseHold(ctx, in.ID, in.Body.Reason)
		})
}

func (s *Server) kits() {
	add(s, op{id: "kits", route: "GET /kits", kind: document.KindRead, summary: "Sets of documents that come with Triward"},
		func(context.Context, *none) (apiv1.List[apiv1.Kit], error) {
			all, err := content.Kits()
			return list(all, func(k content.Kit) apiv1.Kit {
				return apiv1.Kit{ID: k.ID, Title: k.Title, For: k.For, Text: k.Text, Documents: k.Documents, Folds: each(k.Folds, func(f content.Fold) apiv1.KitFold { return apiv1.KitFold(f) })}
			}), err
		})
	add(s, op{id: "install-kit", route: "POST /kits/{id}", kind: document.KindCreated, summary: "Add the documents of a kit that are not there yet, as drafts"},
		func(ctx context.Context, in *oneWith[apiv1.KitInput]) (apiv1.KitInstalled, error) {
			got, err := kit.Install(ctx, s.Library, kit.Installing{Kit: in.ID, Answers: in.Body.Answers, Reason: in.Body.Reason})
			return apiv1.KitInstalled{Added: orEmpty(got.Added), Present: orEmpty(got.Present), Absent: orEmpty(got.Absent), Missing: orEmpty(got.Missing)}, err
		})
	add(s, op{id: "document-settings", route: "GET /document-settings", kind: document.KindRead, summary: "How strict document control is, and the answers of the set-up interview"},
		func(ctx context.Context, _ *none) (apiv1.DocumentSettings, error) {
			v, err := read(ctx, s, func(r store.Reader) (document.Settings, error) { return document.SettingsOf(ctx, r) })
			return apiv1.DocumentSettings{Authorship: string(v.Authorship), TemporaryDays: v.TemporaryDays, Variables: v.Variables}, err
		})
	act(s, op{id: "change-document-setting", route: "PUT /document-settings", kind: document.KindSettingChanged, summary: "Change one setting of document control"},
		func(ctx context.Context, in *with[apiv1.SettingInput]) error {
			return s.Library.Set(ctx, document.Setting{Name: in.Body.Name, Value: in.Body.Value, Reason: in.Body.Reason})
		})
}
