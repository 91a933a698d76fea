package incident

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"triward/internal/device"
	"triward/internal/device/flow"
	"triward/internal/device/network"
	"triward/internal/id"
	"triward/internal/incident/ladder"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// Way is how an action is carried out.
type Way string

// The ways.
const (
	ByHand      Way = "by_hand"   // a person does it and says so; what took effect is observed apart
	ByConnector Way = "connector" // a connector does it; its answer is no observation
)

// Action is a containment action on a device or system of an incident.
type Action struct {
	ID         string // "cnt_…"
	Incident   string
	Device     string // id within the incident: a device of the fleet, or "sys_…"
	DeviceName string
	State      ladder.State
	Way        Way
	Target     string // what exactly is blocked, swapped or switched off
	HumanID    string // account of [ladder.Plan.Human]
	ladder.Plan
	Noticed   string // why it may be noticed although the marking forbids it
	CheckedBy string
	Said      string // the last thing that was answered or observed
	Witness   Witness
	Planned   time.Time
	Ran       time.Time // zero: not yet
	Held      time.Time // when its effect was observed
	Ended     time.Time // when that it is gone was observed
	Changed   time.Time
}

// PlanAction puts an action on the ladder. It does not run yet: it is checked, signed off and run, each by its own call.
func (c Cases) PlanAction(ctx context.Context, incident string, a Action) (string, error) {
	var err error
	if a.ID, err = id.New("cnt"); err != nil {
		return "", err
	}
	return a.ID, c.open(ctx, incident, func(tx *store.Tx, i *Incident, me people.Name) error {
		if err := a.validate(tx.Now); err != nil {
			return err
		}
		have, err := involved(ctx, tx, i.ID)
		if err != nil {
			return err
		}
		n := slices.IndexFunc(have, func(d Involved) bool { return d.ID == a.Device })
		if n < 0 {
			return problem.New(problem.NotFound, "%s is not in this incident", a.Device)
		}
		a.Incident, a.DeviceName, a.State, a.Way, a.Automatic = i.ID, have[n].Name, ladder.Planned, ByHand, false
		a.HumanID, a.Human, a.CheckedAt, a.CheckedOn, a.CheckedBy, a.Said, a.Witness, a.Noticed = me.ID, me.Name, time.Time{}, "", "", "", Nobody, ""
		a.Planned, a.Changed, a.Ran, a.Held, a.Ended = tx.Now, tx.Now, time.Time{}, time.Time{}, time.Time{}
		_, site, err := beside(ctx, tx, a)
		if err != nil {
			return err
		}
		return acting{i: *i, a: a, site: site}.keep(ctx, tx, KindPlanned, Body{Note: a.Impact, Changes: []Change{{"level", "", strconv.Itoa(int(a.Level))}, {"returns", "", instant(a.Return)}}})
	})
}

func (a Action) validate(now time.Time) error {
	var l problem.List
	if !a.Level.Valid() {
		l.Add("level", "must be 0 to 7")
	}
	for _, f := range []struct{ path, text string }{{"target", a.Target}, {"impact", a.Impact}, {"observe", a.Observe}} {
		if strings.TrimSpace(f.text) == "" {
			l.Add(f.path, "is required")
		}
		within(&l, f.path, f.text, maxText)
	}
	if a.Level >= ladder.NetworkOff && strings.TrimSpace(a.Alternative) == "" {
		l.Add("alternative", "is required: what takes over the work of the device")
	}
	if a.Level == ladder.NetworkOff && strings.TrimSpace(a.Compensating) == "" {
		l.Add("compensating", "is required: what is done at the bedside meanwhile")
	}
	if a.Level >= ladder.NotClinical && strings.TrimSpace(a.Undo) == "" {
		l.Add("undo", "is required: how a person at the bedside undoes it without this program")
	}
	within(&l, "undo", a.Undo, maxText)
	within(&l, "alternative", a.Alternative, maxText)
	within(&l, "compensating", a.Compensating, maxText)
	if !a.Return.After(now) || a.Return.After(now.Add(ladder.MaxHold)) {
		l.Add("returns", "must lie in the next seven days: an action returns by itself")
	}
	return l.Err("the action is not complete")
}

// keep stores the action and records what happened to it.
func (w acting) keep(ctx context.Context, tx *store.Tx, kind string, b Body) error {
	w.a.Changed = tx.Now
	if err := putAction(ctx, tx, w.a); err != nil {
		return fmt.Errorf("keep action on %s: %w", w.a.DeviceName, err)
	}
	b.Of = w.a.ID
	b.Changes = append([]Change{{Field: "device", After: w.a.DeviceName}, {Field: "state", After: string(w.a.State)}}, b.Changes...)
	w.i.Site = w.site
	return w.i.record(ctx, tx, kind, b)
}

// on lets somebody change an action, together with the device as it is now; what they may do is decided by where the device
// stands. Also of closed incidents: an action may be lifted whatever state its incident is in.
func (c Cases) on(ctx context.Context, action string, fn func(tx *store.Tx, w acting) error) error {
	return c.DB.Update(ctx, func(tx *store.Tx) error {
		a, err := actionOf(ctx, tx, action)
		if err != nil {
			return err
		}
		i, site, err := beside(ctx, tx, a)
		if err != nil {
			return err
		}
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		d, err := stand(ctx, tx, a)
		if err != nil {
			return err
		}
		return fn(tx, acting{i, site, a, me, d})
	})
}

// acting is what a change of an action looks at.
type acting struct {
	i      Incident
	site   string // where the action counts
	a      Action
	me     people.Name
	device ladder.Device
}

func actionOf(ctx context.Context, r store.Reader, action string) (Action, error) {
	a, err := scanAction(r.QueryRow(ctx, `SELECT `+actionColumns+` FROM containment WHERE id = $1`, action))
	if err != nil {
		return a, fmt.Errorf("read containment %q: %w", action, err)
	}
	all, err := signed(ctx, r, []Action{a})
	if err != nil {
		return a, err
	}
	return all[0], nil
}

// stand is what the ladder looks at of the device of an action now. What is no device of the fleet, or is not in its records
// any more, is unknown in everything, and so counts as the worst.
func stand(ctx context.Context, r store.Reader, a Action) (ladder.Device, error) {
	in, err := scanInvolved(r.QueryRow(ctx, `SELECT `+deviceColumns+` FROM incident_device WHERE incident = $1 AND id = $2`, a.Incident, a.Device))
	if err != nil {
		return ladder.Device{}, fmt.Errorf("read %s in its incident: %w", a.DeviceName, err)
	}
	found, err := device.Briefs(ctx, r, []string{a.Device})
	if err != nil {
		return ladder.Device{}, err
	}
	if len(found) == 0 {
		// Of a system the incident's own record is all that is known: whatever is noted there makes it another one.
		return ladder.Device{Revision: revision(string(in.State), string(in.Evidence), in.EvidenceNote, strings.Join(in.Checks, "\n"), instant(in.Changed))}, nil
	}
	b := found[0]
	out := ladder.Device{InUse: answer(b.InUse)}
	switch b.Class {
	case product.LifeSustaining, product.LifeSupporting:
		out.Critical = ladder.Yes
	case product.ClassNotKnown, "":
	default:
		out.Critical = ladder.No
	}
	// A device whose ways of connection are known, without a remote service among them, has no service connection.
	if len(b.Connectivity) > 0 && !slices.Contains(b.Connectivity, network.RemoteService) {
		out.Service = ladder.No
	}
	p, err := flow.Of(ctx, r, a.Device)
	if err != nil {
		return out, err
	}
	listed := ""
	if out.Profile = p.Holds(); out.Profile {
		listed = p.Hash()
	}
	out.Revision = revision(string(in.State), listed, string(b.InUse), string(b.Class), string(b.Site), b.Ward, string(b.Model), string(b.Release), b.Version, network.JoinWays(b.Connectivity))
	return out, nil
}

// revision names what a device is like: another part gives another name.
func revision(parts ...string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", parts))
	return hex.EncodeToString(sum[:8])
}

func answer(a product.Answer) ladder.Answer {
	switch a {
	case product.Yes:
		return ladder.Yes
	case product.No:
		return ladder.No
	}
	return ladder.Unknown
}

// Check records that a person looked at the device as it is now, and found that the action may be prepared.
func (c Cases) Check(ctx context.Context, action, found string) error {
	return c.on(ctx, action, func(tx *store.Tx, w acting) error {
		if w.a.State != ladder.Planned {
			return problem.New(problem.Conflict, "the action is %s", w.a.State)
		}
		if strings.TrimSpace(found) == "" {
			return faultOf("found", "is required: what the device does now, and for whom")
		}
		w.a.CheckedAt, w.a.CheckedOn, w.a.CheckedBy, w.a.Said = tx.Now, w.device.Revision, w.me.Name, strings.TrimSpace(found)
		return w.keep(ctx, tx, KindChecked, Body{Note: w.a.Said})
	})
}

func faultOf(path, reason string) error {
	var l problem.List
	l.Add(path, "%s", reason)
	return l.Err("it cannot be recorded")
}

// signKinds are the permissions of the capacities.
var signKinds = map[ladder.Role]string{ladder.ClinicalOwner: KindSignedClinical, ladder.Biomed: KindSignedBiomed, ladder.Attending: KindSignedAttending, ladder.Commander: KindSignedCommand}

// SignOff gives the actor's consent to an action in a capacity, for as long as lasts (at most 30 minutes; zero is that) and
// only for the device as it is now.
func (c Cases) SignOff(ctx context.Context, action string, as ladder.Role, lasts time.Duration, conditions string) error {
	return c.on(ctx, action, func(tx *store.Tx, w acting) error {
		kind, ok := signKinds[as]
		if !ok {
			return faultOf("role", "is not a capacity to sign in")
		}
		if w.a.State != ladder.Planned {
			return problem.New(problem.Conflict, "the action is %s", w.a.State)
		}
		if lasts <= 0 || lasts > ladder.SignOffLasts {
			lasts = ladder.SignOffLasts
		}
		if len(conditions) > maxText {
			return faultOf("conditions", "is too long")
		}
		s := ladder.SignOff{Role: as, Person: w.me.ID, Name: w.me.Name, At: tx.Now, Until: tx.Now.Add(lasts), Revision: w.device.Revision, Conditions: strings.TrimSpace(conditions)}
		if err := insertSignOff(ctx, tx, w.a.ID, s); err != nil {
			return err
		}
		return w.keep(ctx, tx, kind, Body{Reason: s.Conditions, Changes: []Change{{"until", "", instant(s.Until)}, {"on", "", s.Revision}}})
	})
}

// Run runs an action. It is refused with everything that keeps it from running (ladder.Refusals).
func (c Cases) Run(ctx context.Context, action string) error {
	return c.on(ctx, action, func(tx *store.Tx, w acting) error {
		to, ok := w.a.State.Move(ladder.Run)
		if !ok {
			return problem.New(problem.Conflict, "the action is %s", w.a.State)
		}
		reasons, err := c.refusals(ctx, tx, w, tx.Now)
		if err != nil {
			return err
		}
		var l problem.List
		for _, reason := range reasons {
			l.Add("", "%s", reason)
		}
		if err := l.Err("the action must not run"); err != nil {
			return err
		}
		w.a.State, w.a.Ran, w.a.Witness = to, tx.Now, Nobody
		return w.keep(ctx, tx, KindRan, Body{Note: w.a.Target})
	})
}

// refusals is everything that keeps an action from running now, or from being sent while it never was.
func (c Cases) refusals(ctx context.Context, r store.Reader, w acting, now time.Time) ([]string, error) {
	out := ladder.Refusals(w.a.Plan, w.device, now)
	if !w.i.State.Open() {
		out = append(out, w.i.Number+" is closed")
	}
	if w.a.Level >= ladder.FarSide && w.a.Noticed == "" {
		if err := w.i.PAP.Act("level "+strconv.Itoa(int(w.a.Level))+" ("+w.a.Level.Words()+")", Active); err != nil {
			out = append(out, problem.Text(err)+"; say why it may be noticed, or choose another marking")
		}
	}
	if w.a.Way != ByConnector {
		return out, nil
	}
	if c.Ready == nil {
		return append(out, "no connector can be used here"), nil
	}
	more, err := c.Ready(ctx, r, w.i, w.a)
	return append(out, more...), err
}

// SetWay says by which way a planned action is carried out; fn keeps what the way needs, and gives words for the journal.
// It is refused once somebody signed the action off, because that was for the way as it was.
func (c Cases) SetWay(ctx context.Context, action string, way Way, fn func(*store.Tx, Incident, Action) (string, error)) error {
	return c.on(ctx, action, func(tx *store.Tx, w acting) error {
		if w.a.State != ladder.Planned {
			return problem.New(problem.Conflict, "the action is %s", w.a.State)
		}
		if len(w.a.SignOffs) > 0 {
			return problem.New(problem.Conflict, "somebody signed the action as it is: cancel it and plan another one")
		}
		from := w.a.Way
		w.a.Way = way
		note, err := fn(tx, w.i, w.a)
		if err != nil {
			return err
		}
		return w.keep(ctx, tx, KindPlanned, Body{Note: note, Changes: differing(Change{"way", string(from), string(way)})})
	})
}

// Return tells an action to return before its time.
func (c Cases) Return(ctx context.Context, action, reason string) error {
	return c.end(ctx, action, ladder.Return, KindReturned, reason)
}

// Lift is break-glass at the bedside: one step, from whatever state, with whoever may; the reason can be given afterwards.
func (c Cases) Lift(ctx context.Context, action, reason string) error {
	return c.end(ctx, action, ladder.Lift, KindLifted, reason)
}

// Cancel takes back a plan that never ran.
func (c Cases) Cancel(ctx context.Context, action, reason string) error {
	return c.end(ctx, action, ladder.Cancel, KindCancelled, reason)
}

func (c Cases) end(ctx context.Context, action string, e ladder.Event, kind, reason string) error {
	return c.on(ctx, action, func(tx *store.Tx, w acting) error {
		to, ok := w.a.State.Move(e)
		if !ok {
			return problem.New(problem.Conflict, "the action is %s", w.a.State)
		}
		from := w.a.State
		w.a.State = to
		if to == ladder.Cancelled && from != to {
			w.a.Ended = tx.Now
		}
		return w.keep(ctx, tx, kind, Body{Reason: strings.TrimSpace(reason), Changes: []Change{{"from", "", string(from)}}})
	})
}

// Withdraw takes back an action that began to run and was not answered, because something keeps it from running now, and
// hands the person who answers for it the task to decide again. What was never sent is over with it; what may have been sent
// is taken back.
func (c Cases) Withdraw(ctx context.Context, tx *store.Tx, s Sheet, i Incident) error {
	w := acting{i: i, site: s.Site, a: s.Action, device: s.Now}
	to, ok := w.a.State.Move(ladder.Return)
	if w.a.State != ladder.Executing || !ok {
		return problem.New(problem.Conflict, "the action is %s", w.a.State)
	}
	from := w.a.State
	w.a.State, w.a.Said = to, "It must not run any more: "+strings.Join(s.Refusals, "; ")
	if err := w.keep(ctx, tx, KindReturned, Body{Reason: w.a.Said, Changes: []Change{{"from", "", string(from)}}}); err != nil {
		return err
	}
	t := Task{Title: fmt.Sprintf("Decide again about %s: L%d was withdrawn before it was carried out", w.a.DeviceName, w.a.Level), Side: ClinicalSide, Assignee: w.a.HumanID, AssigneeName: w.a.Human,
		State: ToDo, AcceptBy: tx.Now.Add(AcceptWithin), Made: tx.Now, Changed: tx.Now}
	var err error
	if t.ID, err = id.New("tsk"); err != nil {
		return err
	}
	if err := putTask(ctx, tx, i.ID, t); err != nil {
		return fmt.Errorf("tell %s: %w", w.a.Human, err)
	}
	return i.record(ctx, tx, KindTaskSet, Body{Of: t.ID, Note: t.Title, Reason: w.a.Said, Changes: []Change{{"state", "", string(ToDo)}, {"assignee", "", t.AssigneeName}}})
}

// ReturnDue tells every action to return whose time is over, that failed, or that must not hold on its device any more; it
// runs as a tick, so also for what became due while the program was away. It gives how many it told.
func (c Cases) ReturnDue(ctx context.Context) (int, error) {
	if err := c.keepTime(ctx); err != nil {
		return 0, err
	}
	var ids []string
	err := c.DB.View(ctx, func(r store.Reader) error {
		var err error
		ids, err = store.All(ctx, r, store.Value[string], `SELECT id FROM containment WHERE state IN ('executing', 'verifying', 'holding', 'failed') ORDER BY returns, id LIMIT 1000`)
		return err
	})
	if err != nil {
		return 0, err
	}
	told := 0
	for _, action := range ids {
		err := c.on(ctx, action, func(tx *store.Tx, w acting) error {
			// An action that ran in the future did so before somebody set the clock back: nobody can say when its time is over.
			if !ladder.Due(w.a.Plan, w.a.State, w.device, tx.Now) && !w.a.Ran.After(tx.Now.Add(time.Minute)) {
				return nil
			}
			from := w.a.State
			w.a.State, _ = from.Move(ladder.Return)
			told++
			return w.keep(ctx, tx, KindReturned, Body{Reason: "its time is over or unknown, or it must not hold any more", Changes: []Change{{"from", "", string(from)}}})
		})
		if err != nil {
			return told, err
		}
	}
	return told, nil
}

// Sheet is an action with what counts now: who has to sign, and what keeps it from running.
type Sheet struct {
	Action
	Site     string // where it counts
	Now      ladder.Device
	Needs    []ladder.Role
	Refusals []string // of an action that is planned, or of whose run no answer came yet
}

// SheetOf reads an action as the people who sign it see it.
func (c Cases) SheetOf(ctx context.Context, r store.Reader, action string, now time.Time) (Sheet, Incident, error) {
	a, err := actionOf(ctx, r, action)
	if err != nil {
		return Sheet{}, Incident{}, err
	}
	i, site, err := beside(ctx, r, a)
	if err != nil {
		return Sheet{}, i, err
	}
	s := Sheet{Action: a, Site: site}
	if s.Now, err = stand(ctx, r, a); err != nil {
		return s, i, err
	}
	s.Needs = ladder.Needs(a.Plan, s.Now)
	if a.State == ladder.Planned || a.State == ladder.Executing {
		if s.Refusals, err = c.refusals(ctx, r, acting{i: i, a: a, device: s.Now}, now); err != nil {
			return s, i, err
		}
	}
	i, err = i.withhold(ctx, r)
	return s, i, err
}

// ActionQuery chooses actions. It checks no permission: it is for what was chosen within the reader's scope.
type ActionQuery struct {
	Incident, Device string
	InForce          bool // only those that may have an effect now
	Open             bool // only those that are planned or may have an effect now
}

// Actions lists actions of an incident, or on a device, the first planned first.
func Actions(ctx context.Context, r store.Reader, q ActionQuery) ([]Action, error) {
	var w store.Where
	if q.Incident != "" {
		w.And("incident = ?", q.Incident)
	}
	if q.Device != "" {
		w.And("device = ?", q.Device)
	}
	if q.Open {
		w.And("state IN ('planned', 'executing', 'verifying', 'holding', 'failed', 'returning')")
	}
	if q.InForce {
		w.And("state IN ('executing', 'verifying', 'holding', 'failed', 'returning')")
	}
	all, err := store.All(ctx, r, scanAction, `SELECT `+actionColumns+` FROM containment`+w.SQL()+` ORDER BY planned, id`, w.Args()...)
	if err != nil {
		return nil, err
	}
	return signed(ctx, r, all)
}
