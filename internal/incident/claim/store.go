package claim

import (
	"context"
	"encoding/json"
	"fmt"

	"triward/internal/eventlog"
	"triward/internal/incident"
	"triward/internal/incident/indicator"
	"triward/internal/problem"
	"triward/internal/store"
)

const indicatorColumns = `id, incident, kind, value, note, actor_name, at, search, look_ups`

func scanIndicator(s store.Scanner) (Indicator, error) {
	var i Indicator
	var at int64
	var search, looked string
	if err := s.Scan(&i.ID, &i.Incident, &i.Kind, &i.Value, &i.Note, &i.ActorName, &at, &search, &looked); err != nil {
		return i, err
	}
	i.At = store.Time(at)
	if err := json.Unmarshal([]byte(search), &i.Search); err != nil {
		return i, err
	}
	return i, json.Unmarshal([]byte(looked), &i.LookUps)
}

// putIndicator keeps an indicator, new or searched again.
func putIndicator(ctx context.Context, tx *store.Tx, i Indicator) error {
	search, err := json.Marshal(i.Search)
	if err != nil {
		return err
	}
	if i.LookUps == nil {
		i.LookUps = []LookUp{}
	}
	looked, err := json.Marshal(i.LookUps)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO indicator (id, incident, kind, value, folded, note, actor_name, at, searched, search, look_ups) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (id) DO UPDATE SET searched = excluded.searched, search = excluded.search, look_ups = excluded.look_ups`,
		i.ID, i.Incident, string(i.Kind), i.Value, eventlog.Fold(i.Value), i.Note, i.ActorName, store.Micros(i.At), store.Micros(i.Search.At), string(search), string(looked))
	return err
}

// oneIndicator reads an indicator of an incident that the actor may see.
func oneIndicator(ctx context.Context, r store.Reader, id string) (Indicator, incident.Incident, error) {
	i, err := scanIndicator(r.QueryRow(ctx, `SELECT `+indicatorColumns+` FROM indicator WHERE id = $1`, id))
	if err != nil {
		return i, incident.Incident{}, fmt.Errorf("read indicator %q: %w", id, err)
	}
	f, err := incident.Brief(ctx, r, i.Incident)
	return i, f, err
}

// Indicators reads the indicators of an incident, the oldest first.
func Indicators(ctx context.Context, r store.Reader, of string) ([]Indicator, error) {
	f, err := incident.Brief(ctx, r, of)
	if err != nil {
		return nil, err
	}
	return store.All(ctx, r, scanIndicator, `SELECT `+indicatorColumns+` FROM indicator WHERE incident = $1 ORDER BY at, id`, f.ID)
}

// known reads the indicator with a value in an incident; NotFound when there is none.
func known(ctx context.Context, r store.Reader, of string, k indicator.Kind, value string) (Indicator, error) {
	return scanIndicator(r.QueryRow(ctx, `SELECT `+indicatorColumns+` FROM indicator WHERE incident = $1 AND kind = $2 AND folded = $3`, of, string(k), eventlog.Fold(value)))
}

// ofOpen reads the indicators of incidents in which work goes on, those searched the longest ago first.
func ofOpen(ctx context.Context, r store.Reader) ([]Indicator, error) {
	return store.All(ctx, r, scanIndicator, `SELECT `+indicatorColumns+` FROM indicator
		WHERE incident IN (SELECT id FROM incident WHERE state <> 'closed' AND state <> 'false_alarm') ORDER BY searched, id`)
}

// devicesOf are the devices of the fleet in an incident, sorted.
func devicesOf(ctx context.Context, r store.Reader, of string) ([]string, error) {
	return store.All(ctx, r, store.Value[string], `SELECT device FROM incident_device WHERE incident = $1 AND device <> '' ORDER BY device`, of)
}

func scanClaim(s store.Scanner) (Claim, error) {
	var body string
	var c Claim
	if err := s.Scan(&body); err != nil {
		return c, err
	}
	return c, json.Unmarshal([]byte(body), &c)
}

func putClaim(ctx context.Context, tx *store.Tx, c Claim) error {
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO claim (id, incident, about, made, ended, body) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, body = excluded.body`, c.ID, c.Incident, string(c.About), store.Micros(c.Made), store.Micros(c.Ended), string(body))
	return err
}

// oneClaim reads a claim of an incident.
func oneClaim(ctx context.Context, r store.Reader, of, id string) (Claim, error) {
	c, err := scanClaim(r.QueryRow(ctx, `SELECT body FROM claim WHERE id = $1 AND incident = $2`, id, of))
	if problem.KindOf(err) == problem.NotFound {
		return c, problem.New(problem.NotFound, "there is no such claim in this incident")
	}
	return c, err
}

// Claims reads the claims of an incident, also those that do not stand any more, the oldest first.
func Claims(ctx context.Context, r store.Reader, of string) ([]Claim, error) {
	f, err := incident.Brief(ctx, r, of)
	if err != nil {
		return nil, err
	}
	return store.All(ctx, r, scanClaim, `SELECT body FROM claim WHERE incident = $1 ORDER BY made, id`, f.ID)
}
