package web

import (
	"context"
	"io"
	"net/url"
	"strconv"
	"time"

	"triward/internal/blob"
	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/store"
)

// runsPage lists procedures that run or ran.
type runsPage struct {
	Frame
	Chips    []Chips
	Columns  Columns
	Rows     []procedure.Summary
	Now      time.Time
	Pager    Pager
	Empty    Empty
	MayStart bool
}

func (runsPage) template() string { return "runs" }

func runQuery(v *visit) procedure.Query {
	return withRunFilter(v, withRunFilter(v, withRunFilter(v, procedure.Query{Code: v.query("code"), Subject: v.query("subject"), Sort: v.query("sort"), After: v.query("after")},
		"state", v.query("state")), "exercise", v.query("exercise")), "lead", v.query("lead"))
}

// withRunFilter is a query with one filter of the address set.
func withRunFilter(v *visit, q procedure.Query, name, value string) procedure.Query {
	switch name {
	case "state":
		if q.State, q.Open = procedure.State(value), value == "open"; q.Open {
			q.State = ""
		}
	case "exercise":
		q.Exercise = value
	case "lead":
		if q.Lead = ""; value == "me" {
			q.Lead = v.actor.ID
		}
	}
	return q
}

func (s *Server) runs(v *visit) error {
	p := runsPage{Frame: v.frame("Runs", urlRuns(), Link{urlDocuments(), "Documents"}), Now: s.now(), MayStart: v.may(procedure.KindStarted),
		Chips: []Chips{
			chips(v.r.URL, "State", "state", [2]string{"open", "Going on"}, [2]string{"paused", "Paused"}, [2]string{"finished", "Finished"}, [2]string{"aborted", "Aborted"}),
			chips(v.r.URL, "Kind", "exercise", [2]string{"no", "Real"}, [2]string{"yes", "Exercises"}),
			chips(v.r.URL, "Lead", "lead", [2]string{"me", "Mine"})},
		Columns: v.columns("-started", Column{Name: "run", Text: "Run", Fixed: true, Sort: "subject"}, Column{Name: "procedure", Text: "Procedure", Sort: "code"}, Column{Name: "state", Text: "State", Sort: "state"},
			Column{Name: "steps", Text: "Steps"}, Column{Name: "target", Text: "Next target"}, Column{Name: "lead", Text: "Lead", Sort: "lead"}, Column{Name: "started", Text: "Started", Sort: "-started"}),
		Empty: Empty{Title: "No run", Text: "A run takes people through an effective procedure, step by step, and keeps who did what, when, and with which evidence."}}
	switch {
	case v.r.URL.RawQuery != "":
		p.Empty = Empty{Title: "No run fits these filters", Text: "Take a filter away to see more.", Links: []Link{{urlRuns(), "Show all runs"}}}
	case p.MayStart:
		p.Empty.Links = []Link{{urlRunNew(), "Start a procedure"}}
	}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		q := runQuery(v)
		page, err := procedure.List(ctx, r, q)
		if err != nil {
			return err
		}
		p.Rows = page.Items
		p.Pager = pager(v.r.URL, page.Next, len(page.Items))
		p.Pager.CSV = queryURL("/runs.csv", v.r.URL.RawQuery)
		return countEach(p.Chips, func(name, value string) (int, error) {
			return procedure.Count(ctx, r, withRunFilter(v, q, name, value))
		})
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) runsCSV(v *visit) error {
	q := runQuery(v)
	q.After, q.Limit = "", 500
	header := []string{"id", "code", "revision", "content_sha256", "subject", "reason", "exercise", "state", "lead", "started_by", "since", "started", "ended", "outcome", "steps", "settled", "deviations", "wrong"}
	return v.csv("runs.csv", header, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		page, err := procedure.List(ctx, r, q)
		var out [][]string
		for _, x := range page.Items {
			out = append(out, []string{x.ID, x.Code, x.Label, x.Content, x.Subject, x.Run.Reason, yesNo(x.Exercise), string(x.State), x.LeadName, x.StarterName, stamp(x.Since), stamp(x.Started),
				stamp(x.Ended), x.Outcome, strconv.Itoa(x.Total), strconv.Itoa(x.Settled), strconv.Itoa(x.Deviations), strconv.Itoa(x.Wrong)})
		}
		q.After = page.Next
		return out, page.Next != "", err
	})
}

// runStartForm starts a procedure.
func runStartForm(ctx context.Context, r store.Reader, v *visit) (Form, error) {
	codes, err := runnable(ctx, r, v.query("code"))
	if err != nil {
		return Form{}, err
	}
	fields := []Field{
		{Name: "code", Label: "Procedure", Kind: "select", Required: true, Options: orNone("Choose one", codes), Help: "Its revision in force is pinned for the whole run."},
		{Name: "subject", Label: "What it is about", Kind: "text", Required: true, Value: v.query("subject"), Placeholder: "Alarm on ward 3", Help: "The incident, device or place. Write no names of patients."},
		{Name: "reason", Label: "Why it is started", Kind: "text", Required: true},
		{Name: "since", Label: "When the clock began", Kind: "datetime-local", Help: "UTC. Leave empty for now. Targets count from here: for an incident, the first sign of it."},
		{Name: "exercise", Label: "This is an exercise: nothing real happens", Kind: "checkbox", Value: v.query("exercise")},
	}
	if rev := v.query("revision"); rev != "" {
		fields = append(fields, Field{Name: "revision", Kind: "hidden", Value: rev})
	}
	return Form{ID: "start", Action: urlRunNew(), Submit: "Start", Cancel: urlRuns()}.with(fields...), nil
}

// runnable are the documents in force that have steps.
func runnable(ctx context.Context, r store.Reader, chosen string) ([]Option, error) {
	var out []Option
	for _, level := range []source.Level{source.Procedure, source.Instruction, source.Template} {
		q := document.Query{Level: level, Limit: 500}
		for {
			page, err := document.Documents(ctx, r, q)
			if err != nil {
				return nil, err
			}
			for _, d := range page.Items {
				if d.Effective != "" || d.Code == chosen {
					out = append(out, Option{d.Code, d.Code + " " + d.Title, d.Code == chosen})
				}
			}
			if q.After = page.Next; q.After == "" {
				break
			}
		}
	}
	return out, nil
}

func (s *Server) runNewPage(v *visit) (formPage, error) {
	p := formPage{Frame: v.frame("Start a procedure", urlRuns(), Link{urlDocuments(), "Documents"}, Link{urlRuns(), "Runs"})}
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		p.Form, err = runStartForm(ctx, r, v)
		return err
	})
	return p, err
}

func (s *Server) runNew(v *visit) error {
	p, err := s.runNewPage(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) runNewDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	since, err := plannedAt(f.Get("since"))
	var id string
	if err == nil {
		id, err = s.Runs.Start(v.r.Context(), procedure.Start{Code: f.Get("code"), Revision: f.Get("revision"), Subject: f.Get("subject"), Reason: f.Get("reason"), Since: since,
			Exercise: f.Get("exercise") == "yes"})
	}
	if err == nil {
		return v.done(urlRun(id), "The run has started.")
	}
	p, perr := s.runNewPage(v)
	if perr != nil {
		return perr
	}
	return v.correct(&p, &p.Form, f, err)
}

// runFiles keeps the files of a form's field as evidence.
func (s *Server) runFiles(v *visit) ([]procedure.File, error) {
	if v.r.MultipartForm == nil {
		return nil, nil
	}
	var out []procedure.File
	for _, h := range v.r.MultipartForm.File["files"] {
		if h.Size == 0 {
			continue
		}
		f, err := h.Open()
		if err != nil {
			return nil, problem.New(problem.Invalid, "the file %s could not be read", h.Filename)
		}
		d, n, err := s.Library.Blobs.Put(v.r.Context(), f, maxEvidence)
		f.Close()
		if err != nil {
			return nil, err
		}
		out = append(out, procedure.File{Digest: string(d), Name: short(200, h.Filename), Size: n})
	}
	return out, nil
}

// maxEvidence bounds one file of evidence, in bytes.
const maxEvidence = 50 << 20

// runFile gives out a file of a run.
func (s *Server) runFile(v *visit) error {
	var f procedure.File
	err := v.view(func(ctx context.Context, r store.Reader) error {
		run, err := procedure.Get(ctx, r, v.path("id"))
		if err != nil {
			return err
		}
		for _, i := range run.Items {
			if i.ID == v.path("item") && i.File.Digest != "" {
				f = i.File
				return nil
			}
		}
		return problem.New(problem.NotFound, "the run has no such file")
	})
	if err != nil {
		return err
	}
	return s.giveBlob(v, f.Digest, f.Name)
}

// giveBlob answers with a kept file, to be saved: nothing that others uploaded is shown inside of the site.
func (s *Server) giveBlob(v *visit, digest, name string) error {
	b, err := s.Library.Blobs.Get(v.r.Context(), blob.Digest(digest))
	if err != nil {
		return err
	}
	defer b.Close()
	v.attach("application/octet-stream", name)
	_, err = io.Copy(v.w, b)
	return ignoreGone(err)
}

// colleagues are active people to hand a run to.
func colleagues(ctx context.Context, r store.Reader, v *visit, but string) ([]Option, error) {
	if !v.may(people.KindReadNames) {
		return nil, nil
	}
	all, err := people.Choices(ctx, r, "", 1000)
	var out []Option
	for _, n := range all {
		if n.ID != but {
			out = append(out, Option{Value: n.ID, Text: n.Name})
		}
	}
	return out, err
}

// runProposal shows what a run suggests for the next revision, and opens it.
type proposalPage struct {
	Frame
	Run      procedure.Run
	Proposal procedure.Proposal
	Label    string
	Lines    []source.DiffLine
	Counts   string
	Form     *Form
}

func (proposalPage) template() string { return "proposal" }

func (s *Server) proposalOf(v *visit) (proposalPage, error) {
	var p proposalPage
	err := v.view(func(ctx context.Context, r store.Reader) error {
		var err error
		if p.Run, err = procedure.Get(ctx, r, v.path("id")); err != nil {
			return err
		}
		var base document.Revision
		if p.Proposal, base, err = procedure.Proposed(ctx, r, p.Run); err != nil {
			return err
		}
		p.Label = base.Label
		p.Lines, p.Counts = diffOf(base.Source, p.Proposal.Text)
		return nil
	})
	if v.may(document.KindRevisionOpened) && len(p.Proposal.Changes) > 0 {
		p.Form = &Form{ID: "propose", Action: urlRun(p.Run.ID) + "/proposal", Submit: "Open it as a draft"}
		*p.Form = p.Form.with(Field{Name: "reason", Label: "Reason", Kind: "text", Required: true, Value: "Learned in a run: " + short(200, p.Run.Subject)})
	}
	p.Frame = v.frame("What "+p.Run.Code+" can learn", urlRuns(), Link{urlDocuments(), "Documents"}, Link{urlRuns(), "Runs"}, Link{urlRun(p.Run.ID), short(60, p.Run.Subject)})
	return p, err
}

func (s *Server) proposal(v *visit) error {
	p, err := s.proposalOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) proposalDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	p, err := s.proposalOf(v)
	if err != nil {
		return err
	}
	if p.Form == nil {
		return problem.New(problem.Conflict, "the run has nothing to propose")
	}
	if err := s.openProposal(v, p, f); err != nil {
		p.Form.fill(f)
		if p.Form.blame(err) {
			return v.again(p, err)
		}
		return err
	}
	return v.done(urlDocument(p.Run.Code)+"/work", "The proposal is a draft now.")
}

func (s *Server) openProposal(v *visit, p proposalPage, f url.Values) error {
	ctx, reason := v.r.Context(), f.Get("reason")
	rid, err := s.Library.Open(ctx, document.Opening{Code: p.Run.Code, Reason: reason, Size: document.Minor})
	if err != nil {
		return err
	}
	_, err = s.Library.Save(ctx, document.Edit{Revision: rid, Version: 1, Text: document.Text{Source: p.Proposal.Text, Reason: reason}})
	return err
}
