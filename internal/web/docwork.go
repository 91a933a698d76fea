package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// workPage is the revision that is on its way: where it stands, what is said about it, and what the visitor can do.
type workPage struct {
	Frame
	Doc      document.Document
	Rev      document.Revision
	Life     []lifeStep
	Waits    string
	Route    []routeRow
	Void     []document.Decision
	Rounds   []document.Round
	Lines    []textLine
	Lost     []document.Comment // on lines that are not there any more
	Comment  *Form              // on the line that was chosen
	Open     int                // comments
	Shown    string             // address of the bytes that are signed
	Digest   string
	Acts     []act
	MayEdit  bool
	MaySpeak bool
	History  []historyRow
}

func (workPage) template() string { return "docwork" }

// act is one thing that the visitor can do with a revision.
type act struct {
	Title string
	Help  string
	First bool
	Form  Form
}

// formOf is the form of an act by its id; nil when the page does not offer it.
func formOf(all []act, id string) *Form {
	for i := range all {
		if all[i].Form.ID == id {
			return &all[i].Form
		}
	}
	return nil
}

// lifeStep is one state of a life and how far the revision is.
type lifeStep struct {
	Text string
	On   bool
	Past bool
	Note string
}

// routeRow is one function that has to decide.
type routeRow struct {
	Stage    document.Stage
	Function source.Function
	Decision document.Decision // the zero value while it is missing
	Holders  []document.Holder
}

// textLine is a line of the text with what is said about it.
type textLine struct {
	Number   int
	Text     string
	Chosen   bool
	Comments []document.Comment
}

func (s *Server) workOf(v *visit, ctx context.Context, r store.Reader) (workPage, error) {
	var p workPage
	var err error
	if p.Doc, err = document.ByCode(ctx, r, v.path("code")); err != nil {
		return p, err
	}
	if label := v.query("revision"); label != "" {
		p.Rev, err = document.ByLabel(ctx, r, p.Doc.Code, label)
	} else if p.Doc.Working == "" {
		return p, problem.New(problem.NotFound, "no revision of %s is on its way", p.Doc.Code)
	} else {
		p.Rev, err = document.RevisionOf(ctx, r, p.Doc.Working)
	}
	if err != nil {
		return p, err
	}
	if p.Waits, err = s.Library.Waits(ctx, r, p.Rev.ID); err != nil {
		return p, err
	}
	p.Life = lifeOf(p.Rev, p.Waits)
	if err := p.readRoute(ctx, r, s.now()); err != nil {
		return p, err
	}
	if p.Rounds, err = document.Rounds(ctx, r, p.Rev.ID); err != nil {
		return p, err
	}
	if err := p.readComments(ctx, r, v.query("line")); err != nil {
		return p, err
	}
	p.MayEdit = p.Rev.State.Open() && v.may(document.KindEdited) && p.Doc.Content == document.Authored
	p.MaySpeak = p.Rev.State.Open() && v.may(document.KindCommented)
	p.History, err = history(ctx, r, string(p.Doc.ID))
	return p, err
}

// lifeOf is the way of a revision with what is known of each state.
func lifeOf(rev document.Revision, waits string) []lifeStep {
	way := []document.State{document.Draft, document.InReview, document.Frozen, document.InApproval, document.InTraining, document.InForce}
	at := slices.Index(way, rev.State)
	if rev.State == document.ChangesRequested {
		at = 0
	}
	var out []lifeStep
	for i, st := range way {
		out = append(out, lifeStep{Text: title(st), On: i == at, Past: at > i})
	}
	if at < 0 {
		return append(out, lifeStep{Text: title(rev.State), On: true})
	}
	switch {
	case rev.State == document.ChangesRequested:
		out[0].Text = title(rev.State)
	case rev.State == document.InTraining && waits != "":
		out[4].Note = "waits for " + waits
	}
	if rev.Round > 0 {
		out[1].Note = "round " + strconv.Itoa(rev.Round)
	}
	if !rev.Planned.IsZero() && rev.State != document.InForce {
		out[5].Note = "planned for " + rev.Planned.UTC().Format("2 Jan 2006, 15:04 UTC")
	}
	return out
}

func (p *workPage) readRoute(ctx context.Context, r store.Reader, now time.Time) error {
	d, err := p.Rev.Parsed()
	if err != nil {
		return nil //nolint:nilerr // an upload of old may not parse; it has no route to show
	}
	all, err := document.Decisions(ctx, r, p.Rev.ID)
	if err != nil {
		return err
	}
	for _, x := range all {
		if !x.Voided.IsZero() {
			p.Void = append(p.Void, x)
		}
	}
	route := document.RouteOf(d)
	for _, st := range []struct {
		stage document.Stage
		of    []source.Function
	}{{document.Reviewing, route.Review}, {document.Approving, route.Approve}} {
		for _, f := range st.of {
			row := routeRow{Stage: st.stage, Function: f}
			for _, x := range all {
				if x.Voided.IsZero() && x.Stage == st.stage && x.Function == f && x.Verdict == document.Agree {
					row.Decision = x
				}
			}
			if row.Holders, err = document.HoldersOf(ctx, r, f, now); err != nil {
				return err
			}
			p.Route = append(p.Route, row)
		}
	}
	return nil
}

// readComments puts the comments beside the lines that they are about. The line may have moved since.
func (p *workPage) readComments(ctx context.Context, r store.Reader, chosen string) error {
	all, err := document.Comments(ctx, r, p.Rev.ID)
	if err != nil {
		return err
	}
	texts := strings.Split(strings.TrimSuffix(p.Rev.Source, "\n"), "\n")
	p.Lines = make([]textLine, len(texts))
	line, _ := strconv.Atoi(chosen) // no number is no line
	for i, t := range texts {
		p.Lines[i] = textLine{Number: i + 1, Text: t, Chosen: i+1 == line}
	}
	for _, c := range all {
		if c.Settled.IsZero() {
			p.Open++
		}
		at := c.Line - 1
		if at >= 0 && (at >= len(texts) || texts[at] != c.Quote) {
			at = slices.Index(texts, c.Quote)
		}
		if at < 0 {
			p.Lost = append(p.Lost, c)
			continue
		}
		p.Lines[at].Comments = append(p.Lines[at].Comments, c)
	}
	if line > 0 && line <= len(texts) {
		f := commentForm(p.Doc.Code, p.Rev.Label, line, texts[line-1])
		p.Comment = &f
	}
	return nil
}

func commentForm(code, label string, line int, text string) Form {
	return Form{ID: "comment", Action: urlDocument(code) + "/comments", Submit: "Comment", Cancel: urlDocument(code) + "/work?revision=" + url.QueryEscape(label)}.with(
		Field{Name: "line", Kind: "hidden", Value: strconv.Itoa(line)}, Field{Name: "revision", Kind: "hidden", Value: label},
		Field{Name: "text", Label: "Comment on line " + strconv.Itoa(line), Kind: "textarea", Required: true},
		Field{Name: "suggests", Label: "Suggest another text for the line", Kind: "checkbox"},
		Field{Name: "suggestion", Label: "The line as it should read", Kind: "textarea", Value: text, Help: "Counts only with the box ticked. Empty removes the line."})
}

func (s *Server) docWork(v *visit) error {
	p, err := s.workPage(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) workPage(v *visit) (workPage, error) {
	var p workPage
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		p, err = s.workOf(v, ctx, r)
		return err
	})
	if err != nil {
		return p, err
	}
	shown, err := s.Library.Display(v.r.Context(), p.Rev.ID)
	if err != nil {
		return p, err
	}
	p.Digest, p.Shown = shown.Digest, urlRevision(p.Doc.Code, p.Rev.Label)+"/shown"
	err = v.view(func(ctx context.Context, r store.Reader) (err error) {
		p.Acts, err = s.actsOf(v, ctx, r, p)
		return err
	})
	p.Frame = v.frame(p.Doc.Code+" revision "+p.Rev.Label, urlDocuments(), append(v.documentCrumbs(p.Doc), Link{urlDocument(p.Doc.Code), p.Doc.Code})...)
	return p, err
}

// actsOf is what the visitor can do, the next thing first. What needs a function is shown only to who holds it; the domain
// decides.
func (s *Server) actsOf(v *visit, ctx context.Context, r store.Reader, p workPage) ([]act, error) {
	mine, err := document.FunctionsOf(ctx, r, v.actor.ID, s.now())
	if err != nil {
		return nil, err
	}
	b := actBuilder{v: v, ctx: ctx, r: r, p: p}
	switch st := p.Rev.State; {
	case p.Rev.Temporary && st == document.Draft:
		b.add(document.KindTemporaryIssued, signature.Release, act{Title: "Issue this temporary instruction", Help: "It comes into force at once and ends by itself on " + dateWords(p.Rev.Expires) + ".", First: true,
			Form: Form{ID: "issue", Submit: "Sign and issue"}.with(reasonField("Why now"))})
	case st == document.Draft || st == document.ChangesRequested:
		b.add(document.KindSubmitted, "", act{Title: "Send to review", First: true, Form: Form{ID: "submit", Submit: "Send to review"}.with(
			Field{Name: "reason", Label: "Note to the reviewers", Kind: "textarea"})})
	case st == document.InReview && p.missing(document.Reviewing) == 0:
		b.add(document.KindFrozen, "", act{Title: "Freeze the content", Help: "Its hash is fixed. Approvers sign exactly these bytes.", First: true, Form: Form{ID: "freeze", Submit: "Freeze"}.with()})
	case st == document.InReview:
		b.decide(document.Reviewing, mine)
	case st == document.Frozen:
		b.add(document.KindApprovalOpened, signature.Authorship, act{Title: "Sign as author and ask for approval", First: true, Form: Form{ID: "open", Submit: "Sign and ask for approval"}.with(
			Field{Name: "planned", Label: "Effective from (UTC)", Kind: "datetime-local", Help: "Empty: as soon as it is approved and trained."}, Field{Name: "reason", Label: "Note", Kind: "text"})})
	case st == document.InApproval:
		b.decide(document.Approving, mine)
	case st == document.InTraining:
		b.add(document.KindReleasedEarly, signature.Release, act{Title: "Release before training is complete", Help: "People will be held to rules that they may not know yet: say why that is right.",
			Form: Form{ID: "release", Submit: "Sign and release", Danger: true}.with(reasonField("Why it cannot wait"))})
	}
	if p.Rev.State.Open() && !p.Rev.Temporary {
		if p.Rev.State != document.Draft && p.Rev.State != document.ChangesRequested {
			b.add(document.KindChangesRequested, "", act{Title: "Ask for changes", Help: "Decisions so far become void.", Form: Form{ID: "back", Submit: "Send back"}.with(reasonField("What must change"))})
		}
		b.add(document.KindRejected, "", act{Title: "Reject this revision", Help: "It ends for good and stays readable.", Form: Form{ID: "reject", Submit: "Reject", Danger: true}.with(reasonField("Reason"))})
	}
	if p.Rev.State == document.InTraining || p.Rev.State == document.InForce {
		b.add(document.KindWithdrawn, signature.Withdrawal, act{Title: "Withdraw in an emergency", Help: "Takes effect when a second person signs it too.", Form: Form{ID: "withdraw", Submit: "Sign the withdrawal", Danger: true}.with(reasonField("Reason"))})
	}
	return b.acts, b.err
}

func reasonField(label string) Field {
	return Field{Name: "reason", Label: label, Kind: "textarea", Required: true}
}

// missing counts the functions of a stage that have not agreed.
func (p workPage) missing(st document.Stage) int {
	n := 0
	for _, r := range p.Route {
		if r.Stage == st && r.Decision.ID == "" {
			n++
		}
	}
	return n
}

// actBuilder gathers acts with what their forms need.
type actBuilder struct {
	v    *visit
	ctx  context.Context
	r    store.Reader
	p    workPage
	acts []act
	err  error
}

func (b *actBuilder) add(kind string, means signature.Meaning, a act) {
	if b.err != nil || !b.v.may(kind) {
		return
	}
	a.Form.Action = urlDocument(b.p.Doc.Code) + "/do/" + a.Form.ID
	hidden := []Field{{Name: "revision", Kind: "hidden", Value: b.p.Rev.Label}}
	if means != "" {
		hidden = append(hidden, Field{Name: "displayed", Kind: "hidden", Value: b.p.Digest})
		if a.Form.Sign, b.err = b.v.signForm(b.ctx, b.r, means); b.err != nil {
			return
		}
		a.Form.Sign.within(a.Form.ID)
		a.Form.Sign.over(means, b.p.Digest)
	}
	a.Form = a.Form.with(append(a.Form.Fields, hidden...)...)
	b.acts = append(b.acts, a)
}

// decide offers the decision of a stage for the functions that the visitor holds and that have not decided.
func (b *actBuilder) decide(st document.Stage, mine []document.Holder) {
	var open []Option
	for _, row := range b.p.Route {
		if row.Stage != st || row.Decision.ID != "" {
			continue
		}
		for _, h := range mine {
			if h.Function == row.Function && !slices.ContainsFunc(open, func(o Option) bool { return o.Value == string(h.Function) }) {
				words := h.Function.Word()
				if h.DelegateOf != "" {
					words += ", as a delegate"
				}
				open = append(open, Option{string(h.Function), words, len(open) == 0})
			}
		}
	}
	if len(open) == 0 {
		return
	}
	a, kind, means := act{Title: "Approve", Form: Form{ID: "decide", Submit: "Sign the approval"}}, document.KindApproved, signature.Approval
	if st == document.Reviewing {
		a, kind, means = act{Title: "Agree to the review", Form: Form{ID: "decide", Submit: "Sign the review"}}, document.KindReviewed, signature.Review
	}
	a.First = true
	a.Form = a.Form.with(Field{Name: "function", Label: "For", Kind: "select", Required: true, Options: open}, Field{Name: "reason", Label: "Note", Kind: "text"})
	b.add(kind, means, a)
}

// workDo does one act of a working revision.
func (s *Server) docWorkDo(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	var rev document.Revision
	err = v.view(func(ctx context.Context, r store.Reader) (err error) {
		rev, err = document.ByLabel(ctx, r, v.path("code"), f.Get("revision"))
		return err
	})
	if err != nil {
		return err
	}
	notice, err := s.doAct(v, rev, f)
	if err != nil {
		return s.workAgain(v, f, err)
	}
	return v.done(urlDocument(rev.Code)+"/work?revision="+url.QueryEscape(rev.Label), notice)
}

func (s *Server) doAct(v *visit, rev document.Revision, f url.Values) (string, error) {
	ctx, l := v.r.Context(), s.Library
	sign := document.Signing{Factors: v.factors(f), Displayed: f.Get("displayed"), Reason: strings.TrimSpace(f.Get("reason"))}
	switch v.path("act") {
	case "submit":
		return "The revision is in review.", l.Submit(ctx, rev.ID, sign.Reason)
	case "decide":
		return "Your decision is signed.", l.Decide(ctx, rev.ID, source.Function(f.Get("function")), sign)
	case "freeze":
		return "The content is frozen.", l.Freeze(ctx, rev.ID)
	case "open":
		planned, err := plannedAt(f.Get("planned"))
		if err != nil {
			return "", err
		}
		return "The approvers are asked.", l.OpenApproval(ctx, rev.ID, planned, sign)
	case "release":
		return "The revision is released; it comes into force now, or at its planned instant.", l.ReleaseEarly(ctx, rev.ID, sign)
	case "issue":
		return "The temporary instruction is in force.", l.IssueTemporary(ctx, rev.ID, sign)
	case "back":
		return "The revision is back for changes.", l.SendBack(ctx, rev.ID, sign.Reason)
	case "reject":
		return "The revision is rejected.", l.Reject(ctx, rev.ID, sign.Reason)
	case "withdraw":
		done, err := l.Withdraw(ctx, rev.ID, sign)
		if done {
			return "The revision is withdrawn.", err
		}
		return "Your signature is kept. A second person must sign too.", err
	}
	return "", problem.New(problem.NotFound, "there is no such action")
}

// plannedAt reads the field of an instant in UTC; the zero time when it is empty.
func plannedAt(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse("2006-01-02T15:04", s)
	if err != nil { // browsers send seconds where there are some
		t, err = time.Parse("2006-01-02T15:04:05", s)
	}
	if err != nil {
		var l problem.List
		l.Add("planned", "must be a date and a time: YYYY-MM-DDTHH:MM")
		return t, l.Err("the instant cannot be read")
	}
	return t, nil
}

// workAgain shows the page with the faults in the form that was sent.
func (s *Server) workAgain(v *visit, f url.Values, err error) error {
	v.r.URL.RawQuery = "revision=" + url.QueryEscape(f.Get("revision"))
	p, perr := s.workPage(v)
	if perr != nil {
		return perr
	}
	for i := range p.Acts {
		if p.Acts[i].Form.ID != v.path("act") {
			continue
		}
		p.Acts[i].Form.fill(f)
		if p.Acts[i].Form.blame(err) {
			p.Acts[i].First = true
			return v.again(p, err)
		}
	}
	return err
}

// shown answers with the bytes that people see and sign. They load nothing and run nothing, and may stand in a frame of
// this site.
func (s *Server) shown(v *visit) error {
	var rev document.Revision
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		rev, err = document.ByLabel(ctx, r, v.path("code"), v.path("label"))
		return err
	})
	if err != nil {
		return err
	}
	b, err := s.Library.Display(v.r.Context(), rev.ID)
	if err != nil {
		return err
	}
	v.sendDocument(b.HTML)
	return nil
}

// sendDocument answers with a page of a document itself: sandboxed, without scripts, with the style that it carries.
func (v *visit) sendDocument(page []byte) {
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'")
	h.Set("X-Frame-Options", "SAMEORIGIN")
	v.w.WriteHeader(http.StatusOK)
	_, err := v.w.Write(page)
	_ = ignoreGone(err)
}

// rounds compares the texts of two rounds of review; without a choice, the last two.
func (s *Server) rounds(v *visit) error {
	var p comparePage
	err := v.view(func(ctx context.Context, r store.Reader) error {
		w, err := s.workOf(v, ctx, r)
		if err != nil {
			return err
		}
		texts := []document.Revision{}
		for _, o := range w.Rounds {
			texts = append(texts, document.Revision{ID: document.RevisionID(strconv.Itoa(o.Number)), Label: "round " + strconv.Itoa(o.Number), State: document.InReview, Source: o.Source})
		}
		if n := len(texts); n > 1 && texts[n-1].Source == w.Rev.Source {
			texts[n-1].Label += ", now"
		} else {
			texts = append(texts, document.Revision{ID: "now", Label: "now", State: w.Rev.State, Source: w.Rev.Source})
		}
		p.Keep = []Field{{Name: "revision", Value: w.Rev.Label}}
		slices.Reverse(texts)
		p.Doc = w.Doc
		return p.choose(texts, v.query("from"), v.query("to"))
	})
	if err != nil {
		return err
	}
	p.Frame = v.frame("Rounds of "+p.Doc.Code, urlDocuments(), append(v.documentCrumbs(p.Doc), Link{urlDocument(p.Doc.Code), p.Doc.Code}, Link{urlDocument(p.Doc.Code) + "/work", "Working revision"})...)
	return v.show(p)
}

func (s *Server) commentAdd(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	var rev document.Revision
	err = v.view(func(ctx context.Context, r store.Reader) (err error) {
		rev, err = document.ByLabel(ctx, r, v.path("code"), f.Get("revision"))
		return err
	})
	if err != nil {
		return err
	}
	line, _ := strconv.Atoi(f.Get("line")) // no number: the whole text
	c := document.Comment{Revision: rev.ID, Line: line, Text: strings.TrimSpace(f.Get("text")), Suggests: f.Get("suggests") != ""}
	if c.Suggests {
		c.Suggestion = strings.ReplaceAll(f.Get("suggestion"), "\r\n", "\n")
	}
	if _, err := s.Library.Comment(v.r.Context(), c); err != nil {
		v.r.URL.RawQuery = url.Values{"revision": {rev.Label}, "line": {f.Get("line")}}.Encode()
		p, perr := s.workPage(v)
		if perr != nil {
			return perr
		}
		if p.Comment == nil {
			return err
		}
		p.Comment.fill(f)
		if !p.Comment.blame(err) {
			return err
		}
		return v.again(p, err)
	}
	return v.redirect(urlDocument(rev.Code) + "/work?revision=" + url.QueryEscape(rev.Label) + "#line-" + strconv.Itoa(line))
}

func (s *Server) commentSettle(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err := s.Library.Settle(v.r.Context(), v.path("id"), document.Settlement(f.Get("outcome")), strings.TrimSpace(f.Get("answer"))); err != nil {
		return err
	}
	return v.done(urlDocument(v.path("code"))+"/work?revision="+url.QueryEscape(f.Get("revision")), "The comment is settled.")
}
