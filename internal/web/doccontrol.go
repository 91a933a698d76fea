package web

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"triward/internal/document"
	"triward/internal/document/distribution"
	"triward/internal/document/source"
	"triward/internal/document/upkeep"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/signature"
	"triward/internal/store"
)

// controlPage is what keeps a document under control beside its text: reviews, deviations, distribution, copies, retention.
type controlPage struct {
	Frame
	Doc        document.Document
	Rev        document.Revision // in force, else the newest
	Notes      []Note
	Reviews    []upkeep.PeriodicReview
	Deviations []deviationRow
	Cautions   []document.Caution
	To         []toRow
	Receipts   []distribution.Receipt
	Copies     []distribution.Copy
	Prints     []distribution.Printed
	Keep       upkeep.Keeping
	Holds      []upkeep.Hold
	MayLift    bool
	MayEnd     bool
	MayRecall  bool
	MayConfirm bool
	MayRelease bool
	Acts       map[string]*act // by the id of their form; what is not there is not for the visitor
}

func (controlPage) template() string { return "doccontrol" }

type deviationRow struct {
	upkeep.Deviation
	Active bool
}

func (s *Server) controlPage(v *visit) (controlPage, error) {
	var p controlPage
	err := v.view(func(ctx context.Context, r store.Reader) error {
		var err error
		if p.Doc, err = document.ByCode(ctx, r, v.path("code")); err != nil {
			return err
		}
		if p.Rev, err = shownRevision(ctx, r, p.Doc, ""); err != nil {
			return err
		}
		return s.fillControl(ctx, r, &p)
	})
	if err != nil {
		return p, err
	}
	shown, err := s.Library.Display(v.r.Context(), p.Rev.ID)
	if err != nil {
		return p, err
	}
	for to, kind := range map[*bool]string{&p.MayLift: document.KindCautionLifted, &p.MayEnd: document.KindDeviationEnded, &p.MayRecall: document.KindCopyRecalled,
		&p.MayConfirm: document.KindCopyReturned, &p.MayRelease: document.KindHoldReleased} {
		*to = v.may(kind)
	}
	err = v.view(func(ctx context.Context, r store.Reader) (err error) {
		p.Acts, err = s.controlActs(ctx, r, v, p, shown.Digest)
		return err
	})
	p.Frame = v.frame("Control of "+p.Doc.Code, urlDocuments(), append(v.documentCrumbs(p.Doc), Link{urlDocument(p.Doc.Code), p.Doc.Code})...)
	return p, err
}

func (s *Server) fillControl(ctx context.Context, r store.Reader, p *controlPage) error {
	var err error
	now := s.now()
	if p.Notes, err = s.bannersOf(ctx, r, p.Rev); err != nil {
		return err
	}
	if p.Reviews, err = upkeep.PeriodicReviews(ctx, r, p.Doc.ID); err != nil {
		return err
	}
	all, err := upkeep.Deviations(ctx, r, p.Doc.ID)
	if err != nil {
		return err
	}
	for _, d := range all {
		p.Deviations = append(p.Deviations, deviationRow{d, d.Active(now)})
	}
	if p.Cautions, err = document.Cautions(ctx, r, p.Doc.ID); err != nil {
		return err
	}
	to, err := distribution.Recipients(ctx, r, p.Doc.ID)
	if err != nil {
		return err
	}
	unreached, err := distribution.Unreached(ctx, r, p.Doc.ID, now)
	if err != nil {
		return err
	}
	for _, x := range to {
		p.To = append(p.To, toRow{string(x.Kind) + " " + recipientName(x), slices.Contains(unreached, x)})
	}
	if p.Receipts, err = distribution.Receipts(ctx, r, p.Rev.ID, now); err != nil {
		return err
	}
	if p.Copies, err = distribution.Copies(ctx, r, p.Doc.ID); err != nil {
		return err
	}
	if p.Prints, err = distribution.Prints(ctx, r, p.Doc.ID); err != nil {
		return err
	}
	if p.Keep, err = s.Upkeep.KeepUntil(ctx, r, p.Rev.ID); err != nil {
		return err
	}
	p.Holds, err = upkeep.Holds(ctx, r, p.Doc.ID)
	return err
}

// toRow is a line of a distribution list.
type toRow struct {
	Text   string
	Nobody bool // it leads to nobody
}

func recipientName(x distribution.Recipient) string {
	if x.Kind == distribution.ToFunction {
		return source.Function(x.Value).Word()
	}
	return x.Value
}

// bannersOf are the banners of a revision as notes.
func (s *Server) bannersOf(ctx context.Context, r store.Reader, rev document.Revision) ([]Note, error) {
	all, err := upkeep.Banners(ctx, r, rev.ID, s.now())
	var out []Note
	for _, b := range all {
		n := Note{Class: "warn", Strong: title(b.Kind) + ".", Text: b.Text}
		switch b.Kind {
		case "caution":
			n.Class, n.Strong = "bad", "Caution."
		case "overdue", "withdrawn":
			n.Class = "bad"
		case "superseded":
			n.Link = Link{urlDocument(rev.Code), "Go to the revision in force"}
		case "retired":
			if b.ID != "" {
				n.Link = Link{urlDocument(b.ID), "Go to its successor " + b.ID}
			}
		}
		out = append(out, n)
	}
	return out, err
}

// controlActs are the forms of the page that the visitor may send.
func (s *Server) controlActs(ctx context.Context, r store.Reader, v *visit, p controlPage, digest string) (map[string]*act, error) {
	out := map[string]*act{}
	add := func(kind string, means signature.Meaning, a act) error {
		if !v.may(kind) {
			return nil
		}
		a.Form.Action = urlDocument(p.Doc.Code) + "/control/" + a.Form.ID
		if means != "" {
			var err error
			if a.Form.Sign, err = v.signForm(ctx, r, means); err != nil {
				return err
			}
			a.Form.Sign.within(a.Form.ID)
			if kind == document.KindReviewedAgain { // the others sign a record of their own, made when they are sent
				a.Form.Sign.over(means, digest)
			}
			a.Form = a.Form.with(append(a.Form.Fields, Field{Name: "displayed", Kind: "hidden", Value: digest})...)
		}
		out[a.Form.ID] = &a
		return nil
	}
	var products []Option
	if v.may(product.KindRead) {
		mine, err := document.ProductsOf(ctx, r, p.Doc.ID)
		if err != nil {
			return nil, err
		}
		if products, err = fileModels(ctx, r, mine); err != nil {
			return nil, err
		}
	}
	inForce := p.Doc.Effective != ""
	for _, x := range []struct {
		when  bool
		kind  string
		means signature.Meaning
		act   act
	}{
		{inForce, document.KindReviewedAgain, signature.Review, act{Title: "Sign a periodic review", Form: Form{ID: "review", Submit: "Sign the review"}.with(
			Field{Name: "verdict", Label: "Verdict", Kind: "select", Required: true, Options: []Option{{string(upkeep.NoChange), "Still valid", true}, {string(upkeep.MustRevise), "Must be revised: opens a change request", false}, {string(upkeep.MustRetire), "Must be retired", false}}},
			reasonField("Because"))}},
		{inForce, document.KindDeviationGranted, signature.Approval, act{Title: "Grant a deviation or waiver", Form: Form{ID: "deviation", Submit: "Sign it"}.with(
			Field{Name: "kind", Label: "Kind", Kind: "select", Required: true, Options: []Option{{string(upkeep.Waiver), "Waiver: it may be done otherwise for a time", true}, {string(upkeep.DeviationRecorded), "Deviation: it was done otherwise", false}}},
			Field{Name: "step", Label: "Step", Kind: "text", Help: "Its id; empty: the whole document."}, Field{Name: "text", Label: "What is done otherwise", Kind: "textarea", Required: true},
			Field{Name: "risk", Label: "Risk, and what is done about it", Kind: "textarea", Required: true}, Field{Name: "until", Label: "Until", Kind: "date", Required: true}, reasonField("Reason"))}},
		{inForce, document.KindDistributed, "", act{Title: "Change the distribution list", Form: Form{ID: "distribution", Submit: "Save the list"}.with(
			Field{Name: "functions", Label: "Who holds these functions", Kind: "checks", Options: functionOptions(nil)},
			Field{Name: "others", Label: "Sites and products", Kind: "textarea", Placeholder: "site sit_…", Help: "One on each line: site or product, a space, its id."}, reasonField("Reason"))}},
		{inForce, document.KindCopyIssued, "", act{Title: "Issue a numbered copy", Form: Form{ID: "copy", Submit: "Issue the copy"}.with(
			Field{Name: "holder", Label: "Holder", Kind: "text", Required: true}, Field{Name: "place", Label: "Place", Kind: "text"},
			Field{Name: "until", Label: "Expires on", Kind: "date", Help: "Empty: with its revision."}, reasonField("Reason"))}},
		{inForce, document.KindTemporaryIssued, "", act{Title: "Prepare a temporary instruction", Help: "For an emergency: it begins with the text in force, is issued by one signature and ends by itself.", Form: Form{ID: "temporary", Submit: "Prepare it"}.with(
			Field{Name: "until", Label: "Ends on", Kind: "date", Help: "Empty: as late as allowed."}, reasonField("Reason"))}},
		{true, document.KindClassified, "", act{Title: "Classify", Form: Form{ID: "classify", Submit: "Save"}.with(
			Field{Name: "inspectable", Label: "An authority may ask for it", Kind: "checkbox", Value: map[bool]string{true: "yes"}[p.Doc.Inspectable]},
			Field{Name: "products", Label: "Belongs to the device file of", Kind: "select", Multiple: true, Options: products}, reasonField("Reason"))}},
		{true, document.KindHeld, "", act{Title: "Put on legal hold", Form: Form{ID: "hold", Submit: "Put on hold"}.with(reasonField("Reason"))}},
		{p.Doc.Retired.IsZero() && p.Doc.Working == "", document.KindRetired, signature.Withdrawal, act{Title: "Retire the document", Help: "For good: its code is never used again. Nothing may rely on it any more.", Form: Form{ID: "retire", Submit: "Sign and retire", Danger: true}.with(
			Field{Name: "successor", Label: "Successor", Kind: "text", Placeholder: "SOP-27"}, reasonField("Reason"))}},
	} {
		if !x.when {
			continue
		}
		if err := add(x.kind, x.means, x.act); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// fileModels are the models whose device file a document can belong to.
func fileModels(ctx context.Context, r store.Reader, chosen []string) ([]Option, error) {
	page, err := product.Models(ctx, r, product.ModelQuery{Limit: 500})
	on := map[string]bool{}
	for _, id := range chosen {
		on[id] = true
	}
	out := make([]Option, len(page.Models))
	for i, m := range page.Models {
		out[i] = Option{string(m.ID), m.ManufacturerName + " " + m.Name, on[string(m.ID)]}
	}
	return out, err
}

func (s *Server) docControl(v *visit) error {
	p, err := s.controlPage(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) docControlDo(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	notice, err := s.doControl(v, f)
	if err == nil {
		return v.done(urlDocument(v.path("code"))+"/control", notice)
	}
	p, perr := s.controlPage(v)
	if perr != nil {
		return perr
	}
	a := p.Acts[v.path("act")]
	if a == nil {
		return err
	}
	return v.correct(&p, &a.Form, f, err)
}

func (s *Server) doControl(v *visit, f url.Values) (string, error) {
	ctx, code := v.r.Context(), v.path("code")
	get := func(name string) string { return strings.TrimSpace(f.Get(name)) }
	sign := document.Signing{Factors: v.factors(f), Displayed: f.Get("displayed"), Reason: get("reason")}
	var l problem.List
	until := date(&l, f, "until")
	if err := l.Err("the form is not valid"); err != nil {
		return "", err
	}
	switch v.path("act") {
	case "review":
		change, err := s.Upkeep.ReviewAgain(ctx, code, upkeep.ReviewVerdict(get("verdict")), sign)
		if change != "" {
			return "The review is signed, and a change request is open.", err
		}
		return "The review is signed.", err
	case "deviation":
		_, err := s.Upkeep.GrantDeviation(ctx, upkeep.Deviation{Code: code, Kind: upkeep.DeviationKind(get("kind")), Step: get("step"), Text: get("text"), Risk: get("risk"), Until: until}, sign)
		return "It is signed and stands on the document.", err
	case "end-deviation":
		return "It has ended.", s.Upkeep.EndDeviation(ctx, get("id"), sign.Reason)
	case "lift":
		return "The caution is lifted.", s.Library.LiftCaution(ctx, get("id"), sign.Reason)
	case "distribution":
		to, err := recipientsFrom(f)
		if err != nil {
			return "", err
		}
		return "The distribution list is saved.", s.Distribution.Distribute(ctx, code, to, sign.Reason)
	case "recall":
		return "The copy is recalled.", s.Distribution.RecallCopy(ctx, get("id"), sign.Reason)
	case "confirm":
		return "The copy is back.", s.Distribution.ConfirmCopy(ctx, get("id"), sign.Reason)
	case "classify":
		return "The document is classified.", s.Upkeep.Classify(ctx, code, document.Classes{Inspectable: f.Get("inspectable") != "", Products: f["products"]}, sign.Reason)
	case "hold":
		_, err := s.Upkeep.PutHold(ctx, code, sign.Reason)
		return "The document is on hold.", err
	case "release-hold":
		return "The hold is released.", s.Upkeep.ReleaseHold(ctx, get("id"), sign.Reason)
	case "retire":
		return "The document is retired.", s.Library.Retire(ctx, document.Retirement{Code: code, Successor: strings.ToUpper(get("successor")), Signing: sign})
	case "temporary":
		_, err := s.Library.PrepareTemporary(ctx, document.Temporary{Code: code, Reason: sign.Reason, Expires: until})
		return "The temporary instruction is prepared. Edit it, then have it issued by somebody else.", err
	case "copy":
		rev, err := s.inForce(v)
		if err != nil {
			return "", err
		}
		c, err := s.Distribution.IssueCopy(ctx, rev.ID, distribution.Copy{Holder: get("holder"), Place: get("place"), Reason: sign.Reason, Expires: until})
		return "Copy " + count(c.Number) + " is issued.", err
	}
	return "", problem.New(problem.NotFound, "there is no such action")
}

// inForce is the revision that is in force of the document in the address.
func (s *Server) inForce(v *visit) (rev document.Revision, err error) {
	err = v.view(func(ctx context.Context, r store.Reader) (err error) {
		rev, err = document.Effective(ctx, r, v.path("code"))
		return err
	})
	return rev, err
}

// docReceived notes that the revision in force reached the visitor.
func (s *Server) docReceived(v *visit) error {
	rev, err := s.inForce(v)
	if err != nil {
		return err
	}
	if err := s.Distribution.Receive(v.r.Context(), rev.ID); err != nil {
		return err
	}
	return v.done(urlDocument(rev.Code), "Thank you: it is noted that you received it.")
}

func recipientsFrom(f url.Values) ([]distribution.Recipient, error) {
	var l problem.List
	var out []distribution.Recipient
	for _, fn := range f["functions"] {
		out = append(out, distribution.Recipient{Kind: distribution.ToFunction, Value: fn})
	}
	for _, line := range lines(f.Get("others")) {
		kind, value, ok := strings.Cut(line, " ")
		if !ok || kind != string(distribution.ToSite) && kind != string(distribution.ToProduct) {
			l.Add("others", "%q must begin with site or product", line)
			continue
		}
		out = append(out, distribution.Recipient{Kind: distribution.Kind(kind), Value: strings.TrimSpace(value)})
	}
	return out, l.Err("the distribution list is not valid")
}

// statusPage tells whoever holds a print whether it is still in force.
type statusPage struct {
	Frame
	Status document.Status
	Good   bool
	At     time.Time
}

func (statusPage) template() string { return "docstatus" }

func (s *Server) docStatus(v *visit) error {
	p := statusPage{Frame: v.frame("Status of a document", ""), At: s.now()}
	p.Frame.Nav, p.Frame.Person = nil, "" // the page is the same for everybody
	err := s.DB.View(v.r.Context(), func(r store.Reader) (err error) {
		p.Status, err = document.StatusOf(v.r.Context(), r, v.path("token"))
		return err
	})
	if err != nil {
		return err
	}
	p.Good = p.Status.State == document.InForce && !p.Status.Caution
	return v.show(p)
}
