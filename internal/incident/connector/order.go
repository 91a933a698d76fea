package connector

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"triward/internal/device"
	"triward/internal/device/flow"
	"triward/internal/device/network"
	"triward/internal/incident"
	"triward/internal/incident/ladder"
	"triward/internal/problem"
	"triward/internal/store"
)

// Job is an order with how far it came.
type Job struct {
	Order
	Hash  string // of the connector's definition
	Proof Proof

	Tries        int       // how often the run was sent
	Answered     time.Time // when it was answered
	BackTries    int
	BackAnswered time.Time
	Next         time.Time // not sent again before
	Fault        string    // of the last try
}

// Choice is what a person chooses for an action.
type Choice struct {
	Connector string
	Values    map[string]string // what the connector asks for
	Proof     Proof
}

// Choose says which connector carries a planned action out, and with what: it fixes everything that will be sent. "" is by
// hand again.
func (d Desk) Choose(ctx context.Context, action string, c Choice) error {
	if c.Connector == "" {
		return d.Cases.SetWay(ctx, action, incident.ByHand, func(tx *store.Tx, _ incident.Incident, a incident.Action) (string, error) {
			_, err := tx.Exec(ctx, `DELETE FROM containment_order WHERE action = $1`, a.ID)
			return "by hand", err
		})
	}
	return d.Cases.SetWay(ctx, action, incident.ByConnector, func(tx *store.Tx, i incident.Incident, a incident.Action) (string, error) {
		item, err := d.Item(ctx, tx, c.Connector)
		if err != nil {
			return "", err
		}
		j, err := d.job(ctx, tx, item, prepared{i, a, c})
		if err != nil {
			return "", err
		}
		body, err := json.Marshal(j.Order)
		if err != nil {
			return "", err
		}
		proof, err := json.Marshal(j.Proof)
		if err != nil {
			return "", err
		}
		_, err = tx.Exec(ctx, `INSERT INTO containment_order (action, connector, hash, body, proof, tries, answered, back_tries, back_answered, next, fault, changed)
			VALUES ($1, $2, $3, $4, $5, 0, 0, 0, 0, 0, '', $6)
			ON CONFLICT (action) DO UPDATE SET connector = excluded.connector, hash = excluded.hash, body = excluded.body, proof = excluded.proof, changed = excluded.changed`,
			a.ID, item.Name, item.Hash, string(body), string(proof), store.Micros(tx.Now))
		return "by " + item.Name + " as " + item.Hash[:16], err
	})
}

// prepared is a choice with what it is for.
type prepared struct {
	i incident.Incident
	a incident.Action
	c Choice
}

// job makes the order of a choice, and refuses it with every fault.
func (d Desk) job(ctx context.Context, r store.Reader, item Item, p prepared) (Job, error) {
	var l problem.List
	if !slices.Contains(item.Levels, int(p.a.Level)) {
		l.Add("connector", "%s may not be used for level %d", item.Name, p.a.Level)
	}
	have, err := fromRecords(ctx, r, p.a.Device)
	if err != nil {
		return Job{}, err
	}
	values := map[string]string{}
	for _, name := range known {
		if len(have[name]) == 1 {
			values[name] = have[name][0]
		}
	}
	for name, pattern := range item.Ask {
		v := strings.TrimSpace(p.c.Values[name])
		re, err := wholly(pattern)
		if err != nil || !re.MatchString(v) || sound(v) != nil {
			l.Add("values."+name, "must match %s", pattern)
		}
		if slices.Contains(known, name) && !slices.Contains(have[name], v) {
			l.Add("values."+name, "is none of those in the records of this device")
		}
		values[name] = v
	}
	for name := range p.c.Values {
		if _, ok := item.Ask[name]; !ok {
			l.Add("values."+name, "is not asked for")
		}
	}
	l.Merge("proof", p.c.Proof.Validate())
	j := Job{Hash: item.Hash, Proof: p.c.Proof, Order: Order{Connector: item.Connector, Incident: p.i.Number, Action: p.a.ID, Level: int(p.a.Level), Until: p.a.Return, Values: values}}
	if err := l.Err("the connector cannot be used so"); err != nil {
		return j, err
	}
	if j.Undo, err = fill(item.Undo, j.timed(values, time.Time{})); err != nil {
		return j, problem.About(err, "how it is undone by hand is not complete")
	}
	for _, way := range []Do{Run, Return} {
		if _, err := j.call(way, time.Time{}); err != nil {
			return j, problem.About(err, "what the connector needs is not complete (%s)", way)
		}
	}
	return j, nil
}

// fromRecords are the values that the records of a device have, by the names of known.
func fromRecords(ctx context.Context, r store.Reader, of string) (map[string][]string, error) {
	out := map[string][]string{"device": {of}}
	found, err := device.Records(ctx, r, []device.ID{device.ID(of)})
	if err != nil || len(found) == 0 {
		return out, err
	}
	rec := found[0]
	for name, v := range map[string]string{"asset_tag": rec.AssetTag, "serial": rec.Serial} {
		if v != "" {
			out[name] = []string{v}
		}
	}
	out["ip"], out["mac"], out["hostname"] = rec.Current(network.IP), rec.Current(network.MAC), rec.Current(network.Hostname)
	p, err := flow.Of(ctx, r, of)
	if p.Holds() {
		out["allow"] = []string{flow.Join(p.Flows)}
	}
	return out, err
}

// Ready is what else keeps an action with a connector from running, for [incident.Cases.Ready].
func (d Desk) Ready(ctx context.Context, r store.Reader, i incident.Incident, a incident.Action) ([]string, error) {
	j, err := jobOf(ctx, r, a.ID)
	if problem.KindOf(err) == problem.NotFound {
		return []string{"its connector is not chosen"}, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	item, err := d.Item(ctx, r, j.Connector.Name)
	switch {
	case err != nil:
		out = append(out, problem.Text(err))
	case !item.Approved():
		out = append(out, "the connector "+item.Name+" is not approved as it is defined now")
	case item.Hash != j.Hash:
		out = append(out, "the connector "+item.Name+" is defined differently since it was chosen: choose it again")
	}
	if err == nil {
		now, err := d.job(ctx, r, item, prepared{i, a, Choice{Values: asked(item.Connector, j.Values), Proof: j.Proof}})
		if err != nil || !maps.Equal(now.Values, j.Values) {
			out = append(out, "what the records say of the device changed since the connector was chosen: choose it again")
		}
	}
	if j.Connector.FarSide && a.Level < ladder.FarSide && a.Noticed == "" { // from level 1 on the marking counts anyway
		if err := i.PAP.Act("what the connector does", incident.Active); err != nil {
			out = append(out, problem.Text(err))
		}
	}
	return out, nil
}

// asked are the values that a person gave.
func asked(c Connector, values map[string]string) map[string]string {
	out := map[string]string{}
	for name := range c.Ask {
		out[name] = values[name]
	}
	return out
}

// Preview is what a choice would send, before it is made.
type Preview struct{ Run, Return string }

// Preview shows what a choice would send for an action, without sending it.
func (d Desk) Preview(ctx context.Context, r store.Reader, action string, c Choice) (Preview, error) {
	sheet, i, err := d.Cases.SheetOf(ctx, r, action, d.DB.Now())
	if err != nil {
		return Preview{}, err
	}
	item, err := d.Item(ctx, r, c.Connector)
	if err != nil {
		return Preview{}, err
	}
	j, err := d.job(ctx, r, item, prepared{i, sheet.Action, c})
	if err != nil {
		return Preview{}, err
	}
	return j.preview()
}

func (j Job) preview() (p Preview, err error) {
	if p.Run, err = j.Show(Run); err == nil {
		p.Return, err = j.Show(Return)
	}
	return p, err
}

// Sample is what a connector would send for invented values: what a person looks at who approves it.
func (c Connector) Sample() (Preview, error) {
	values := map[string]string{"device": "dev_example", "asset_tag": "ICU-17", "serial": "SN-17", "ip": "192.0.2.17", "mac": "00:00:5e:00:53:11", "hostname": "icu-17", "allow": "out/tcp/192.0.2.4/104"}
	for name := range c.Ask {
		values[name] = "(" + name + ")"
	}
	return Job{Order: Order{Connector: c, Incident: "INC-2026-0001", Action: "cnt_example", Until: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC), Values: values}}.preview()
}

// Shown is the order of an action with what it sends.
type Shown struct {
	Job
	Preview
}

// Of reads the order of an action; NotFound when it has none.
func Of(ctx context.Context, r store.Reader, action string) (Shown, error) {
	j, err := jobOf(ctx, r, action)
	if err != nil {
		return Shown{}, err
	}
	p, err := j.preview()
	return Shown{j, p}, err
}

const jobColumns = `o.body, o.hash, o.proof, o.tries, o.answered, o.back_tries, o.back_answered, o.next, o.fault`

func scanJob(s store.Scanner) (Job, error) {
	var j Job
	var body, proof string
	var answered, back, next int64
	if err := s.Scan(&body, &j.Hash, &proof, &j.Tries, &answered, &j.BackTries, &back, &next, &j.Fault); err != nil {
		return j, err
	}
	j.Answered, j.BackAnswered, j.Next = store.Time(answered), store.Time(back), store.Time(next)
	if err := json.Unmarshal([]byte(body), &j.Order); err != nil {
		return j, err
	}
	return j, json.Unmarshal([]byte(proof), &j.Proof)
}

func jobOf(ctx context.Context, r store.Reader, action string) (Job, error) {
	return scanJob(r.QueryRow(ctx, `SELECT `+jobColumns+` FROM containment_order o WHERE o.action = $1`, action))
}

// Words says how far the order came.
func (j Job) Words() string {
	switch {
	case !j.BackAnswered.IsZero():
		return "sent back, and answered"
	case j.BackTries > 0:
		return "sent back " + strconv.Itoa(j.BackTries) + " times without an answer"
	case !j.Answered.IsZero():
		return "sent, and answered"
	case j.Tries > 0:
		return "sent " + strconv.Itoa(j.Tries) + " times without an answer"
	}
	return "not sent"
}
