package incident

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"triward/internal/incident/ladder"
	"triward/internal/problem"
	"triward/internal/store"
)

const columns = `id, number, title, summary, exercise, state, resumes, held_until, held_reason, cyber, clinical, tlp, pap, care, legal, disclosure, owner, owner_name,
	site, product, aware, aware_who, aware_how, declared, run, no_containment, extent, root_cause, looked_at, lessons, reviewed, retain_until, same_as, closer, closer_name,
	closed, changed, priority, worst, asked`

func scan(s store.Scanner) (Incident, error) {
	var i Incident
	var held, aware, declared, reviewed, retain, closed, changed int64
	err := s.Scan(&i.ID, &i.Number, &i.Title, &i.Summary, &i.Exercise, &i.State, &i.Resumes, &held, &i.HeldFor, &i.Cyber, &i.Clinical, &i.TLP, &i.PAP, &i.Care, &i.Legal,
		&i.Disclosure, &i.Owner, &i.OwnerName, &i.Site, &i.Product, &aware, &i.AwareWho, &i.AwareHow, &declared, &i.Run, &i.NoContainment, &i.Extent, &i.RootCause, &i.LookedAt,
		&i.Lessons, &reviewed, &retain, &i.SameAs, &i.Closer, &i.CloserName, &closed, &changed, &i.Priority, &i.Worst, &i.Asked)
	i.HeldTill, i.Aware, i.Declared = store.Time(held), store.Time(aware), store.Time(declared)
	i.Reviewed, i.RetainUntil, i.Closed, i.Changed = store.Time(reviewed), store.Time(retain), store.Time(closed), store.Time(changed)
	return i, err
}

// put keeps an incident whole, new or changed.
func put(ctx context.Context, tx *store.Tx, i Incident) error {
	_, err := tx.Exec(ctx, `INSERT INTO incident (`+columns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40)
		ON CONFLICT (id) DO UPDATE SET title = excluded.title, summary = excluded.summary, state = excluded.state, resumes = excluded.resumes, held_until = excluded.held_until,
			held_reason = excluded.held_reason, cyber = excluded.cyber, clinical = excluded.clinical, tlp = excluded.tlp, pap = excluded.pap, care = excluded.care,
			legal = excluded.legal, disclosure = excluded.disclosure, owner = excluded.owner, owner_name = excluded.owner_name, aware = excluded.aware,
			aware_who = excluded.aware_who, aware_how = excluded.aware_how, run = excluded.run, no_containment = excluded.no_containment, extent = excluded.extent,
			root_cause = excluded.root_cause, looked_at = excluded.looked_at, lessons = excluded.lessons, reviewed = excluded.reviewed, retain_until = excluded.retain_until,
			same_as = excluded.same_as, closer = excluded.closer, closer_name = excluded.closer_name, closed = excluded.closed, changed = excluded.changed,
			worst = excluded.worst, asked = excluded.asked`,
		i.ID, i.Number, i.Title, i.Summary, i.Exercise, string(i.State), string(i.Resumes), store.Micros(i.HeldTill), i.HeldFor, i.Cyber, i.Clinical, string(i.TLP), string(i.PAP),
		string(i.Care), string(i.Legal), string(i.Disclosure), i.Owner, i.OwnerName, i.Site, i.Product, store.Micros(i.Aware), i.AwareWho, i.AwareHow, store.Micros(i.Declared),
		i.Run, i.NoContainment, i.Extent, i.RootCause, i.LookedAt, i.Lessons, store.Micros(i.Reviewed), store.Micros(i.RetainUntil), i.SameAs, i.Closer, i.CloserName,
		store.Micros(i.Closed), store.Micros(i.Changed), i.Priority, i.Worst, i.Asked)
	return err
}

// SetPriority keeps how soon an incident is acted upon; the caller records why.
func SetPriority(ctx context.Context, tx *store.Tx, incident string, rank int) error {
	_, err := tx.Exec(ctx, `UPDATE incident SET priority = $2 WHERE id = $1`, incident, rank)
	return err
}

// Duplicates reads the incidents that were found to be the same as this one, and those that were found to be the same as
// them: what was begun in any of them goes on here.
func Duplicates(ctx context.Context, r store.Reader, incident string) ([]Incident, error) {
	var out []Incident
	seen := map[string]bool{incident: true}
	for of := []string{incident}; len(of) > 0; of = of[1:] {
		more, err := store.All(ctx, r, scan, `SELECT `+columns+` FROM incident WHERE same_as = $1 ORDER BY number`, of[0])
		if err != nil {
			return nil, err
		}
		for _, i := range more {
			if !seen[i.ID] {
				seen[i.ID], of, out = true, append(of, i.ID), append(out, i)
			}
		}
	}
	return withholdAll(ctx, r, out)
}

// seen reads an incident that lies where the actor may read incidents, whatever its marking says.
func seen(ctx context.Context, r store.Reader, id string) (Incident, error) {
	s, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return Incident{}, err
	}
	i, err := unseen(ctx, r, id)
	if err != nil {
		return i, err
	}
	if !s.Covers(i.Site, i.Product) {
		return Incident{}, problem.New(problem.Forbidden, "your role does not cover this incident")
	}
	return i, nil
}

// one reads an incident that the actor may see.
func one(ctx context.Context, r store.Reader, id string) (Incident, error) {
	i, err := seen(ctx, r, id)
	if err == nil {
		err = i.readable(ctx, r)
	}
	if err != nil {
		return Incident{}, err
	}
	return i, nil
}

// unseen reads an incident whoever asks; the caller decides whether they may see it.
func unseen(ctx context.Context, r store.Reader, id string) (Incident, error) {
	i, err := scan(r.QueryRow(ctx, `SELECT `+columns+` FROM incident WHERE id = $1 OR number = $1`, id))
	if err != nil {
		return i, fmt.Errorf("read incident %q: %w", id, err)
	}
	return i, nil
}

// ofYear counts the incidents of a year, for the next number. One Update runs at a time, and none is ever removed.
func ofYear(ctx context.Context, r store.Reader, prefix string) (int, error) {
	return store.Value[int](r.QueryRow(ctx, `SELECT count(*) FROM incident WHERE number LIKE $1`, prefix+"%"))
}

const deviceColumns = `id, device, name, state, evidence, evidence_note, checks, actor_name, changed, asker, waiver, waiver_name, waived`

func scanInvolved(s store.Scanner) (Involved, error) {
	var d Involved
	var checks string
	var changed, waived int64
	err := s.Scan(&d.ID, &d.Device, &d.Name, &d.State, &d.Evidence, &d.EvidenceNote, &checks, &d.ActorName, &changed, &d.Asker, &d.Waiver, &d.WaiverName, &waived)
	if checks != "" {
		d.Checks = strings.Split(checks, "\n")
	}
	d.Changed, d.WaivedAt = store.Time(changed), store.Time(waived)
	return d, err
}

func putInvolved(ctx context.Context, tx *store.Tx, incident string, d Involved) error {
	_, err := tx.Exec(ctx, `INSERT INTO incident_device (incident, `+deviceColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (incident, id) DO UPDATE SET state = excluded.state, evidence = excluded.evidence, evidence_note = excluded.evidence_note, checks = excluded.checks,
			actor_name = excluded.actor_name, changed = excluded.changed, asker = excluded.asker, waiver = excluded.waiver, waiver_name = excluded.waiver_name,
			waived = excluded.waived`,
		incident, d.ID, d.Device, d.Name, string(d.State), string(d.Evidence), d.EvidenceNote, strings.Join(d.Checks, "\n"), d.ActorName, store.Micros(d.Changed), d.Asker, d.Waiver, d.WaiverName,
		store.Micros(d.WaivedAt))
	return err
}

func involved(ctx context.Context, r store.Reader, incident string) ([]Involved, error) {
	return store.All(ctx, r, scanInvolved, `SELECT `+deviceColumns+` FROM incident_device WHERE incident = $1 ORDER BY name, id`, incident)
}

func scanLink(s store.Scanner) (Link, error) {
	var l Link
	var at int64
	err := s.Scan(&l.Kind, &l.Target, &l.Note, &l.ActorName, &at)
	l.At = store.Time(at)
	return l, err
}

func links(ctx context.Context, r store.Reader, incident string) ([]Link, error) {
	return store.All(ctx, r, scanLink, `SELECT kind, target, note, actor_name, at FROM incident_link WHERE incident = $1 ORDER BY at, kind, target`, incident)
}

func insertLink(ctx context.Context, tx *store.Tx, incident string, l Link) error {
	_, err := tx.Exec(ctx, `INSERT INTO incident_link (incident, kind, target, note, actor_name, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (incident, kind, target) DO UPDATE SET note = excluded.note`, incident, string(l.Kind), l.Target, l.Note, l.ActorName, store.Micros(l.At))
	return err
}

func scanNote(s store.Scanner) (Note, error) {
	var n Note
	var at int64
	err := s.Scan(&n.ID, &n.Kind, &n.Text, &n.Actor, &n.ActorName, &at)
	n.At = store.Time(at)
	return n, err
}

func insertNote(ctx context.Context, tx *store.Tx, incident string, n Note) error {
	_, err := tx.Exec(ctx, `INSERT INTO incident_note (id, incident, kind, text, actor, actor_name, at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		n.ID, incident, string(n.Kind), n.Text, n.Actor, n.ActorName, store.Micros(n.At))
	return err
}

const taskColumns = `id, title, side, assignee, assignee_name, state, due, accept_by, accepted, outcome, made, changed`

func scanTask(s store.Scanner) (Task, error) {
	var t Task
	var due, by, accepted, made, changed int64
	err := s.Scan(&t.ID, &t.Title, &t.Side, &t.Assignee, &t.AssigneeName, &t.State, &due, &by, &accepted, &t.Outcome, &made, &changed)
	t.Due, t.AcceptBy, t.Accepted, t.Made, t.Changed = store.Time(due), store.Time(by), store.Time(accepted), store.Time(made), store.Time(changed)
	return t, err
}

func putTask(ctx context.Context, tx *store.Tx, incident string, t Task) error {
	_, err := tx.Exec(ctx, `INSERT INTO incident_task (incident, `+taskColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (id) DO UPDATE SET side = excluded.side, assignee = excluded.assignee, assignee_name = excluded.assignee_name, state = excluded.state, due = excluded.due,
			accept_by = excluded.accept_by, accepted = excluded.accepted, outcome = excluded.outcome, changed = excluded.changed`,
		incident, t.ID, t.Title, string(t.Side), t.Assignee, t.AssigneeName, string(t.State), store.Micros(t.Due), store.Micros(t.AcceptBy), store.Micros(t.Accepted), t.Outcome,
		store.Micros(t.Made), store.Micros(t.Changed))
	return err
}

func scanEntity(s store.Scanner) (Entity, error) {
	var e Entity
	var body string
	if err := s.Scan(&e.ID, &e.Name, &body); err != nil {
		return e, err
	}
	return e, json.Unmarshal([]byte(body), &e.Entity)
}

func entities(ctx context.Context, r store.Reader, incident string) ([]Entity, error) {
	return store.All(ctx, r, scanEntity, `SELECT id, name, body FROM incident_entity WHERE incident = $1 ORDER BY id`, incident)
}

func putEntity(ctx context.Context, tx *store.Tx, incident string, e Entity) error {
	body, err := json.Marshal(e.Entity)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO incident_entity (id, incident, name, body) VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, body = excluded.body`, e.ID, incident, e.Name, string(body))
	return err
}

const actionColumns = `id, incident, device, device_name, level, state, way, target, human, human_name, impact, alternative, compensating, observe, returns, checked, checked_on,
	checked_name, said, planned, ran, held, ended, changed, undo, noticed, witness`

func scanAction(s store.Scanner) (Action, error) {
	var a Action
	var returns, checked, planned, ran, held, ended, changed int64
	err := s.Scan(&a.ID, &a.Incident, &a.Device, &a.DeviceName, &a.Level, &a.State, &a.Way, &a.Target, &a.HumanID, &a.Human, &a.Impact, &a.Alternative, &a.Compensating,
		&a.Observe, &returns, &checked, &a.CheckedOn, &a.CheckedBy, &a.Said, &planned, &ran, &held, &ended, &changed,
		&a.Undo, &a.Noticed, &a.Witness)
	a.Return, a.CheckedAt, a.Planned = store.Time(returns), store.Time(checked), store.Time(planned)
	a.Ran, a.Held, a.Ended, a.Changed = store.Time(ran), store.Time(held), store.Time(ended), store.Time(changed)
	return a, err
}

func putAction(ctx context.Context, tx *store.Tx, a Action) error {
	_, err := tx.Exec(ctx, `INSERT INTO containment (`+actionColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, way = excluded.way, returns = excluded.returns, checked = excluded.checked, checked_on = excluded.checked_on,
			checked_name = excluded.checked_name, said = excluded.said, ran = excluded.ran, held = excluded.held, ended = excluded.ended, changed = excluded.changed,
			noticed = excluded.noticed, witness = excluded.witness`,
		a.ID, a.Incident, a.Device, a.DeviceName, int(a.Level), string(a.State), string(a.Way), a.Target, a.HumanID, a.Human, a.Impact, a.Alternative, a.Compensating, a.Observe,
		store.Micros(a.Return), store.Micros(a.CheckedAt), a.CheckedOn, a.CheckedBy, a.Said, store.Micros(a.Planned), store.Micros(a.Ran), store.Micros(a.Held),
		store.Micros(a.Ended), store.Micros(a.Changed), a.Undo, a.Noticed, string(a.Witness))
	return err
}

// signed fills in the sign-offs of actions.
func signed(ctx context.Context, r store.Reader, actions []Action) ([]Action, error) {
	for n := range actions {
		var err error
		actions[n].SignOffs, err = store.All(ctx, r, func(s store.Scanner) (ladder.SignOff, error) {
			var x ladder.SignOff
			var at, until int64
			err := s.Scan(&x.Role, &x.Person, &x.Name, &at, &until, &x.Revision, &x.Conditions)
			x.At, x.Until = store.Time(at), store.Time(until)
			return x, err
		}, `SELECT role, person, person_name, at, until, revision, conditions FROM containment_sign_off WHERE containment = $1 ORDER BY at, role`, actions[n].ID)
		if err != nil {
			return nil, err
		}
	}
	return actions, nil
}

func insertSignOff(ctx context.Context, tx *store.Tx, action string, s ladder.SignOff) error {
	_, err := tx.Exec(ctx, `INSERT INTO containment_sign_off (containment, role, person, person_name, at, until, revision, conditions) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT DO NOTHING`,
		action, string(s.Role), s.Person, s.Name, store.Micros(s.At), store.Micros(s.Until), s.Revision, s.Conditions)
	return err
}
