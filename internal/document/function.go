package document

import (
	"context"
	"slices"
	"time"

	"triward/internal/document/source"
	"triward/internal/id"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// Acting is who answers for what is done in a transaction.
func Acting(ctx context.Context, tx *store.Tx) (people.Name, error) {
	return people.Person(ctx, tx, tx.Actor())
}

// Holder is somebody who holds a function for a time, also for another person.
type Holder struct {
	ID         string // fnc_… or dlg_…
	Function   source.Function
	Account    string
	Name       string
	DelegateOf string // account of who delegated, "" for who holds the function itself
	Since      time.Time
	Until      time.Time // zero: without end
	Reason     string
	Author     string // account that assigned or delegated
	Ended      time.Time
	EndReason  string
}

// At reports whether it holds at an instant.
func (h Holder) At(at time.Time) bool {
	return !h.Since.After(at) && (h.Until.IsZero() || h.Until.After(at)) && (h.Ended.IsZero() || h.Ended.After(at))
}

// Assign gives a function to an account until it is released. Conflict when the account holds it.
func (l Library) Assign(ctx context.Context, f source.Function, account, reason string) (string, error) {
	var hid string
	err := l.DB.Update(ctx, func(tx *store.Tx) (err error) {
		hid, err = l.holdTx(ctx, tx, Holder{Function: f, Account: account, Reason: reason})
		return err
	})
	return hid, err
}

// Delegate lets another account act for one that holds a function, from Since (zero: now) to Until, for a reason. Who
// holds the function may do it; for others it needs the right to assign functions.
func (l Library) Delegate(ctx context.Context, h Holder) (string, error) {
	var hid string
	err := l.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if h.Since.IsZero() {
			h.Since = tx.Now
		}
		var f problem.List
		switch {
		case h.DelegateOf == "":
			f.Add("delegate_of", "is required")
		case h.DelegateOf == h.Account:
			f.Add("account", "must be another person")
		}
		if !h.Until.After(h.Since) || !h.Until.After(tx.Now) {
			f.Add("until", "is required, in the future: a delegation ends")
		}
		if err := f.Err("the delegation is not valid"); err != nil {
			return err
		}
		own, err := holders(ctx, tx, ` WHERE h.function = $1 AND h.account = $2 AND h.delegate_of = ''`, string(h.Function), h.DelegateOf)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(own, func(o Holder) bool { return o.At(tx.Now) }) {
			return problem.New(problem.Invalid, "only who holds a function can have it delegated")
		}
		hid, err = l.holdTx(ctx, tx, h)
		return err
	})
	return hid, err
}

func (l Library) holdTx(ctx context.Context, tx *store.Tx, h Holder) (string, error) {
	var f problem.List
	if !h.Function.Known() {
		f.Add("function", "is not in the list of functions")
	}
	Need(&f, "account", h.Account, 100)
	Need(&f, "reason", h.Reason, MaxReason)
	if err := f.Err("the function cannot be assigned"); err != nil {
		return "", err
	}
	names, err := people.Names(ctx, tx, []string{h.Account})
	if err != nil {
		return "", err
	}
	if names[h.Account] == "" {
		return "", problem.New(problem.NotFound, "there is no such account")
	}
	if l.MayHold != nil {
		if err := l.MayHold(ctx, tx, h.Account, h.Function); err != nil {
			return "", err
		}
	}
	who, err := Acting(ctx, tx)
	if err != nil {
		return "", err
	}
	prefix, kind := "fnc", KindFunctionAssigned
	if h.DelegateOf != "" {
		prefix = "dlg"
	}
	if h.DelegateOf != "" && h.DelegateOf == who.ID {
		kind = KindDelegated
	}
	if h.Since.IsZero() {
		h.Since = tx.Now
	}
	if h.ID, err = id.New(prefix); err != nil {
		return "", err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO function_holder (id, function, account, delegate_of, since, until, reason, author, ended, end_reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, '')`, h.ID, string(h.Function), h.Account, h.DelegateOf, store.Micros(h.Since), store.Micros(h.Until), h.Reason,
		who.ID); err != nil {
		if problem.KindOf(err) == problem.Conflict {
			return "", problem.New(problem.Conflict, "%s holds this function already", names[h.Account])
		}
		return "", err
	}
	_, err = tx.Record(ctx, store.Event{Kind: kind, Subject: h.Account, Body: h.changed(h.Reason)})
	return h.ID, err
}

func (h Holder) changed(reason string) FunctionChanged {
	return FunctionChanged{ID: h.ID, Function: h.Function, Account: h.Account, DelegateOf: h.DelegateOf, Since: Instant(h.Since), Until: Instant(h.Until), Reason: reason}
}

func Instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Release ends the holding or delegation of a function; who delegated may end that themselves.
func (l Library) Release(ctx context.Context, holding, reason string) error {
	if err := Reasoned(reason); err != nil {
		return err
	}
	return l.DB.Update(ctx, func(tx *store.Tx) error {
		all, err := holders(ctx, tx, ` WHERE h.id = $1`, holding)
		if err != nil {
			return err
		}
		if len(all) == 0 || !all[0].Ended.IsZero() {
			return problem.New(problem.NotFound, "there is no such holding of a function")
		}
		h := all[0]
		if _, err := tx.Exec(ctx, `UPDATE function_holder SET ended = $1, end_reason = $2 WHERE id = $3`, store.Micros(tx.Now), reason, h.ID); err != nil {
			return err
		}
		who, err := Acting(ctx, tx)
		if err != nil {
			return err
		}
		kind := KindFunctionReleased
		if h.DelegateOf == who.ID {
			kind = KindDelegated
		}
		h.Until = tx.Now
		_, err = tx.Record(ctx, store.Event{Kind: kind, Subject: h.Account, Body: h.changed(reason)})
		return err
	})
}

func holders(ctx context.Context, r store.Reader, where string, args ...any) ([]Holder, error) {
	return store.All(ctx, r, func(s store.Scanner) (Holder, error) {
		var h Holder
		var since, until, ended int64
		err := s.Scan(&h.ID, &h.Function, &h.Account, &h.Name, &h.DelegateOf, &since, &until, &h.Reason, &h.Author, &ended, &h.EndReason)
		h.Since, h.Until, h.Ended = store.Time(since), store.Time(until), store.Time(ended)
		return h, err
	}, `SELECT h.id, h.function, h.account, a.name, h.delegate_of, h.since, h.until, h.reason, h.author, h.ended, h.end_reason
		FROM function_holder h JOIN people_account a ON a.id = h.account`+where+` ORDER BY h.function, a.name, h.since, h.id`, args...)
}

// holdersAt keeps those that hold at an instant. Who was disabled since does not hold anything; a delegation ends with the
// holding that it comes from.
func holdersAt(ctx context.Context, r store.Reader, at time.Time, where string, args ...any) ([]Holder, error) {
	all, err := holders(ctx, r, where+` AND a.state = 'active' AND (h.delegate_of = '' OR EXISTS (SELECT 1 FROM function_holder o WHERE o.function = h.function
		AND o.account = h.delegate_of AND o.delegate_of = '' AND o.ended = 0))`, args...)
	return slices.DeleteFunc(all, func(h Holder) bool { return !h.At(at) }), err
}

// HoldersOf reads who holds a function at an instant, themselves or for another.
func HoldersOf(ctx context.Context, r store.Reader, f source.Function, at time.Time) ([]Holder, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	return holdersAt(ctx, r, at, ` WHERE h.function = $1`, string(f))
}

// FunctionsOf reads what an account holds at an instant, itself or for another.
func FunctionsOf(ctx context.Context, r store.Reader, account string, at time.Time) ([]Holder, error) {
	if _, ok := store.ActorOf(ctx); !ok {
		return nil, problem.New(problem.Forbidden, "sign in first")
	}
	return holdersAt(ctx, r, at, ` WHERE h.account = $1`, account)
}

// Holdings reads every holding and delegation there ever was, by function.
func Holdings(ctx context.Context, r store.Reader) ([]Holder, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	return holders(ctx, r, "")
}
