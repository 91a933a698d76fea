package training

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// Strictness is what missing training does.
type Strictness string

// The closed list: nothing, a word of warning, a refusal.
const (
	Off   Strictness = "off"
	Warn  Strictness = "warn"
	Block Strictness = "block"
)

// Policy says what missing training does (21 CFR 11.10(i)).
type Policy struct {
	Signing   Strictness // to who wants to sign anything but that they have read something
	Functions Strictness // to who is to be given a function or a role
}

// The names of the settings.
const (
	signingSetting   = "signing"
	functionsSetting = "functions"
)

// PolicyOf reads the policy; what nobody chose is a warning.
func PolicyOf(ctx context.Context, r store.Reader) (Policy, error) {
	p := Policy{Signing: Warn, Functions: Warn}
	for name, to := range map[string]*Strictness{signingSetting: &p.Signing, functionsSetting: &p.Functions} {
		v, err := setting(ctx, r, name)
		if err != nil {
			return p, err
		}
		if v != "" {
			*to = Strictness(v)
		}
	}
	return p, nil
}

// SetPolicy changes what missing training does, for a reason.
func (d Desk) SetPolicy(ctx context.Context, p Policy, reason string) error {
	var l problem.List
	for path, s := range map[string]Strictness{signingSetting: p.Signing, functionsSetting: p.Functions} {
		if !slices.Contains([]Strictness{Off, Warn, Block}, s) {
			l.Add(path, "must be off, warn or block")
		}
	}
	needText(&l, "reason", reason)
	if err := l.Err("the policy is not valid"); err != nil {
		return err
	}
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		was, err := PolicyOf(ctx, tx)
		if err != nil {
			return err
		}
		for name, s := range map[string]Strictness{signingSetting: p.Signing, functionsSetting: p.Functions} {
			if err := putSetting(ctx, tx, name, string(s)); err != nil {
				return err
			}
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindPolicyChanged, Subject: "policy", Body: PolicyBody{Before: was, After: p, Reason: strings.TrimSpace(reason)}})
		return err
	})
}

// Overdue are the trainings of a person that are missing at an instant: not done in time, locked, or valid no longer.
func Overdue(ctx context.Context, r store.Reader, account string, now time.Time) ([]Training, error) {
	return trainings(ctx, r, ` WHERE account = $1 AND (state = 'locked' OR state = 'open' AND due < $2) ORDER BY due, id`, account, store.Micros(now))
}

func named(all []Training) string {
	var codes []string
	for _, t := range all {
		if !slices.Contains(codes, t.Code) {
			codes = append(codes, t.Code)
		}
	}
	return strings.Join(codes, ", ")
}

// Hindrance is what missing training does to a signature.
type Hindrance struct {
	Does  Strictness // [Off] when nothing is missing, or nothing is to be said
	Codes string     // of the documents whose training is missing, separated by commas
}

// Hinders says what the policy does to a signature of somebody whose training is missing. That one has read something can
// always be signed: it is the way out.
func Hinders(ctx context.Context, r store.Reader, signer Signer) (Hindrance, error) {
	none := Hindrance{Does: Off}
	if signer.Means == signature.Acknowledgement {
		return none, nil
	}
	p, err := PolicyOf(ctx, r)
	if err != nil || p.Signing == Off {
		return none, err
	}
	all, err := Overdue(ctx, r, signer.Account, signer.At)
	if err != nil || len(all) == 0 {
		return none, err
	}
	return Hindrance{Does: p.Signing, Codes: named(all)}, nil
}

// Signer is who wants to sign, what it will mean, and when.
type Signer struct {
	Account string
	Means   signature.Meaning
	At      time.Time
}

// MaySign refuses a signature of somebody whose training is missing, when the policy says so.
func (d Desk) MaySign(ctx context.Context, r store.Reader, account string, m signature.Meaning) error {
	h, err := Hinders(ctx, r, Signer{account, m, d.DB.Now()})
	if err != nil || h.Does != Block {
		return err
	}
	return problem.New(problem.Forbidden, "your training on %s is overdue: complete it before you sign", h.Codes)
}

// MayHold refuses to give a function to somebody who has not completed the training that it asks for on what is in force,
// when the policy says so. Function "" stands for any role: then no training of the person may be overdue.
func (d Desk) MayHold(ctx context.Context, r store.Reader, account string, f source.Function) error {
	p, err := PolicyOf(ctx, r)
	if err != nil || p.Functions != Block {
		return err
	}
	missing, err := d.Lacks(ctx, r, account, f)
	if err != nil || len(missing) == 0 {
		return err
	}
	return problem.New(problem.Forbidden, "training is missing: %s; assign it and let it be completed first", strings.Join(missing, ", "))
}

// MayHaveRole refuses to give a role to somebody whose training is overdue, when the policy says so.
func (d Desk) MayHaveRole(ctx context.Context, r store.Reader, account string) error {
	return d.MayHold(ctx, r, account, "")
}

// Lacks names the documents in force that somebody would have to be trained in to hold a function; those that are overdue
// for the function "".
func (d Desk) Lacks(ctx context.Context, r store.Reader, account string, f source.Function) ([]string, error) {
	now := d.DB.Now()
	var out []string
	if f == "" {
		all, err := Overdue(ctx, r, account, now)
		for _, t := range all {
			out = append(out, t.Code)
		}
		slices.Sort(out)
		return slices.Compact(out), err
	}
	all, err := needs(ctx, r, ` WHERE function = $1 AND state = 'effective' AND kind <> 'notify'`, string(f))
	if err != nil {
		return nil, err
	}
	for _, n := range all {
		var done int
		if err := r.QueryRow(ctx, `SELECT count(*) FROM training WHERE account = $1 AND revision = $2 AND (state = 'done' AND `+teaching+` AND (valid_until = 0 OR valid_until > $3)
			OR state = 'excused' AND settled_by LIKE 'usr!_%' ESCAPE '!')`, account, n.Revision, store.Micros(now)).Scan(&done); err != nil {
			return nil, fmt.Errorf("read training of %s: %w", n.Code, err)
		}
		if done == 0 {
			out = append(out, n.Code)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
