package document

import (
	"context"
	"slices"

	"triward/internal/document/source"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// Stage is what a decision decides on.
type Stage string

// The closed list of stages.
const (
	Authoring    Stage = "authorship" // the author signs the frozen content
	Reviewing    Stage = "review"
	Approving    Stage = "approval"
	Releasing    Stage = "release"        // past the training gate, or a temporary instruction
	Withdrawing  Stage = "withdrawal"     // two people
	AfterTheFact Stage = "after_the_fact" // the full review of a temporary instruction
)

// Route is which functions must decide, in each stage.
type Route struct {
	Review  []source.Function
	Approve []source.Function
}

// The two sides that a document with the interface flag needs (PRD-04).
var (
	productSide = []source.Function{"cpso", "security_architect", "psirt_lead"}
	itSide      = []source.Function{"it_security", "ciso"}
)

// RouteOf is whom a document must pass: whom it names itself, and whom its level and its interface ask for. A policy needs
// the executive, a procedure its process owner (the function that owns it) and quality; a document between product and IT
// needs product security and IT security.
func RouteOf(d source.Document) Route {
	r := Route{Review: slices.Clone(d.Approvals.Review), Approve: slices.Clone(d.Approvals.Approve)}
	add := func(f source.Function) {
		if !slices.Contains(r.Approve, f) {
			r.Approve = append(r.Approve, f)
		}
	}
	switch d.Level {
	case source.Policy:
		add("executive")
	case source.Procedure:
		add(d.OwnerRole)
		add("quality")
	}
	if d.Interface == source.ProductIT {
		all := slices.Concat(r.Review, r.Approve)
		if !meet(all, productSide) {
			add("cpso")
		}
		if !meet(all, itSide) {
			add("it_security")
		}
	}
	return r
}

func meet(a, b []source.Function) bool {
	return slices.ContainsFunc(a, func(f source.Function) bool { return slices.Contains(b, f) })
}

func (r Route) of(s Stage) []source.Function {
	if s == Reviewing {
		return r.Review
	}
	return r.Approve
}

// Missing are the functions of a stage that have not agreed.
func (r Route) Missing(s Stage, all []Decision) []source.Function {
	var out []source.Function
	for _, f := range r.of(s) {
		if !slices.ContainsFunc(all, func(d Decision) bool { return d.Counts(s) && d.Function == f }) {
			out = append(out, f)
		}
	}
	return out
}

// deciding is what is known when somebody decides.
type deciding struct {
	revision  Revision
	document  source.Document
	settings  Settings
	decisions []Decision
	authors   []string // accounts that wrote any version, or signed as author
	who       people.Name
}

func decidingOn(ctx context.Context, tx *store.Tx, rid RevisionID) (deciding, error) {
	var d deciding
	var err error
	if d.revision, err = revision(ctx, tx, rid); err != nil {
		return d, err
	}
	if d.document, err = d.revision.Parsed(); err != nil {
		return d, err
	}
	if d.settings, err = SettingsOf(ctx, tx); err != nil {
		return d, err
	}
	if d.decisions, err = decisions(ctx, tx, rid); err != nil {
		return d, err
	}
	if d.authors, err = AuthorsOf(ctx, tx, rid); err != nil {
		return d, err
	}
	d.who, err = Acting(ctx, tx)
	return d, err
}

// AuthorsOf reads the accounts that wrote any version of a revision or signed it as author.
func AuthorsOf(ctx context.Context, r store.Reader, rid RevisionID) ([]string, error) {
	return store.All(ctx, r, store.Value[string], `SELECT author FROM revision_edit WHERE revision = $1
		UNION SELECT account FROM revision_decision WHERE revision = $1 AND stage = 'authorship' AND voided = 0`, string(rid))
}

// mayDecide refuses who may not decide for a function in a stage, and gives the holding that lets them.
func (d deciding) mayDecide(s Stage, h Holder) error {
	author := slices.Contains(d.authors, d.who.ID)
	mine := func(x Decision) bool { return x.Counts(s) && x.Account == d.who.ID }
	if d.settings.Authorship != Lenient {
		switch {
		case author:
			return problem.New(problem.Forbidden, "you wrote this revision; somebody else must decide on it")
		case slices.Contains(d.authors, h.DelegateOf):
			return problem.New(problem.Forbidden, "you act for somebody who wrote this revision; somebody else must decide on it")
		case slices.ContainsFunc(d.decisions, mine):
			return problem.New(problem.Forbidden, "you decided for another function already; each function needs a person of its own")
		}
	}
	if author && h.Function == "quality" {
		return problem.New(problem.Forbidden, "quality is independent: who wrote a revision does not decide on it for quality")
	}
	if d.document.Interface == source.ProductIT && slices.ContainsFunc(d.decisions, func(x Decision) bool {
		return x.Voided.IsZero() && x.Account == d.who.ID && otherSide(x.Function, h.Function)
	}) {
		return problem.New(problem.Forbidden, "you signed for the other side; product security and IT security are two people")
	}
	if s != Approving || !author {
		return nil
	}
	others := func(x Decision) bool { return x.Counts(Approving) && !slices.Contains(d.authors, x.Account) }
	if left := RouteOf(d.document).Missing(Approving, d.decisions); len(left) == 1 && !slices.ContainsFunc(d.decisions, others) {
		return problem.New(problem.Forbidden, "an author is never the sole approver; somebody else must approve first")
	}
	return nil
}

func otherSide(a, b source.Function) bool {
	return slices.Contains(productSide, a) && slices.Contains(itSide, b) || slices.Contains(itSide, a) && slices.Contains(productSide, b)
}

// holding finds how an account holds a function now, itself before for others; Forbidden when it does not.
func (l Library) holding(ctx context.Context, tx *store.Tx, account string, f source.Function) (Holder, error) {
	all, err := holdersAt(ctx, tx, tx.Now, ` WHERE h.account = $1 AND h.function = $2`, account, string(f))
	if err != nil {
		return Holder{}, err
	}
	if len(all) == 0 {
		return Holder{}, problem.New(problem.Forbidden, "you do not hold the function %q", f.Word())
	}
	h := all[0]
	for _, x := range all {
		if x.DelegateOf == "" {
			h = x
		}
	}
	return h, nil
}

// HoldingAny finds how an account holds the first that it does of several functions; Forbidden when it holds none.
func (l Library) HoldingAny(ctx context.Context, tx *store.Tx, account string, of []source.Function) (Holder, error) {
	for _, f := range of {
		h, err := l.holding(ctx, tx, account, f)
		if problem.KindOf(err) != problem.Forbidden {
			return h, err
		}
	}
	return Holder{}, problem.New(problem.Forbidden, "this needs somebody who holds one of the functions %s", functionWords(of))
}
