package incident

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/device"
	"triward/internal/incident/ladder"
	"triward/internal/problem"
	"triward/internal/store"
)

// Standing is an action that is planned or in force, as those at its device see it.
type Standing struct {
	Action
	Of     Incident      // the incident that it belongs to
	Site   string        // where it counts: of its device; of its incident where that is not known
	Now    ladder.Device // its device as it is now
	Wanted []ladder.Role // the capacities in which nobody has signed it as it is now; of a planned action of an open incident
}

// StandingOn reads what is planned or in force on a device, or on all with "", as far as the actor may see it: containment is
// seen by who covers its incident, and by who covers the place of its device, because it is they who stand at the bedside.
func StandingOn(ctx context.Context, r store.Reader, device string, now time.Time) ([]Standing, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	all, err := Actions(ctx, r, ActionQuery{Device: device, Open: true})
	if err != nil {
		return nil, err
	}
	var out []Standing
	for _, a := range all {
		s := Standing{Action: a}
		var ok bool
		if s.Of, s.Site, ok, err = seesAction(ctx, r, a); err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if s.Now, err = stand(ctx, r, a); err != nil {
			return nil, err
		}
		if a.State == ladder.Planned && s.Of.State.Open() {
			s.Wanted = ladder.Missing(a.Plan, s.Now, now)
		}
		if s.Of, err = s.Of.withhold(ctx, r); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// ContainedOn is [StandingOn] for one device that the actor may see.
func ContainedOn(ctx context.Context, r store.Reader, of string, now time.Time) ([]Standing, error) {
	if _, err := device.Get(ctx, r, device.ID(of)); err != nil {
		return nil, err
	}
	return StandingOn(ctx, r, of, now)
}

// Care is what an action does to patients, what takes over, and what is done at the bedside, each as a sentence.
func (a Action) Care() []string {
	var out []string
	for _, x := range []struct{ what, text string }{{"What it does to patients", a.Impact}, {"What takes over", a.Alternative}, {"At the bedside meanwhile", a.Compensating}} {
		if x.text != "" {
			out = append(out, x.what+": "+strings.TrimSuffix(x.text, ".")+".")
		}
	}
	return out
}

// Record is what is shown of an action wherever it is shown to those who work here (reference incidents.md 4.5): [Action.Care],
// and who signed it.
func (a Action) Record() []string {
	out := a.Care()
	for _, s := range a.SignOffs {
		out = append(out, "Signed off: "+strings.TrimSuffix(s.Words(), ".")+".")
	}
	if len(a.SignOffs) == 0 {
		out = append(out, "Nobody signed it off.")
	}
	return out
}

// SignKinds are the permissions of which one is needed to sign in a capacity.
func SignKinds(as ladder.Role) []string {
	if as == ladder.Approver {
		return []string{KindSignedClinical, KindSignedBiomed, KindSignedAttending, KindSignedCommand}
	}
	return []string{signKinds[as]}
}

// MaySign says whether the actor may give a sign-off that an action waits for; who signed it already as it is now may not:
// each person fills one capacity.
func (s Standing) MaySign(actor store.Actor, now time.Time) (ladder.Role, bool) {
	if slices.ContainsFunc(s.SignOffs, func(x ladder.SignOff) bool { return x.Person == actor.ID && x.Holds(s.Now.Revision, now) }) {
		return "", false
	}
	for _, role := range s.Wanted {
		if slices.ContainsFunc(SignKinds(role), func(kind string) bool { return actor.Scope(kind).Covers(s.Site, s.Of.Product) }) {
			return role, true
		}
	}
	return "", false
}

// beside reads the incident of an action, and the site where the action counts, for somebody who covers either. No marking
// keeps anybody from the bedside.
func beside(ctx context.Context, r store.Reader, a Action) (Incident, string, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return Incident{}, "", err
	}
	i, err := unseen(ctx, r, a.Incident)
	if err != nil {
		return i, "", err
	}
	site, err := siteOf(ctx, r, a.Device)
	if err != nil {
		return i, "", err
	}
	if !scope.Covers(i.Site, i.Product) && !scope.Covers(site, "") {
		return Incident{}, "", problem.New(problem.Forbidden, "your role covers neither this incident nor the place of its device")
	}
	if site == "" {
		site = i.Site
	}
	return i, site, nil
}

// seesAction is beside for lists: what the actor may not see is left out.
func seesAction(ctx context.Context, r store.Reader, a Action) (Incident, string, bool, error) {
	i, site, err := beside(ctx, r, a)
	if problem.KindOf(err) == problem.Forbidden {
		return i, "", false, nil
	}
	return i, site, err == nil, err
}

// siteOf is where a device of the fleet stands, whatever its state is; "" for one without a place, and for other systems.
func siteOf(ctx context.Context, r store.Reader, of string) (string, error) {
	found, err := store.All(ctx, r, store.Value[string], `SELECT site_id FROM device WHERE id = $1`, of)
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0], nil
}

// place is where an incident is declared: the site that was chosen, which must be one, or the one that all its devices share.
func (d Declaration) place(ctx context.Context, r store.Reader) (string, error) {
	if d.Site != "" {
		n, err := store.Value[int](r.QueryRow(ctx, `SELECT count(*) FROM site WHERE id = $1`, d.Site))
		if err == nil && n == 0 {
			err = faultOf("site", "there is no such site")
		}
		return d.Site, err
	}
	common := ""
	for n, x := range d.Devices {
		site, err := siteOf(ctx, r, x)
		if err != nil {
			return "", fmt.Errorf("find where the devices stand: %w", err)
		}
		if site == "" || n > 0 && site != common {
			return "", nil
		}
		common = site
	}
	return common, nil
}
