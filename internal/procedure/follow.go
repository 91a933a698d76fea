package procedure

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"triward/internal/document"
	"triward/internal/problem"
	"triward/internal/store"
)

// Follower answers a step that proved wrong: it puts a caution on the document in force and opens a change request with
// what is known. It acts as the program, so that whoever sees that a step is wrong need not hold the right to either.
func (x Runs) Follower(l document.Library) store.Follower {
	return store.Follower{Name: "defeat", Kinds: []string{KindStepDefeated}, React: func(ctx context.Context, tx *store.Tx, e store.Entry) error {
		if len(e.Body) == 0 { // erased by law
			return nil
		}
		var b DefeatedBody
		if err := json.Unmarshal(e.Body, &b); err != nil {
			return fmt.Errorf("read entry %d: %w", e.Seq, err)
		}
		return warn(ctx, tx, l, warning{b, e})
	}}
}

type warning struct {
	DefeatedBody
	entry store.Entry
}

// warn puts the caution and opens the change request. A document that is not in force any more needs neither.
func warn(ctx context.Context, tx *store.Tx, l document.Library, w warning) error {
	if _, err := document.Effective(ctx, tx, w.Code); err != nil {
		if problem.KindOf(err) == problem.NotFound {
			return nil
		}
		return err
	}
	text := "Step " + w.Step + " proved wrong: " + ended(w.Wrong)
	if w.Danger != "" {
		text += " Danger: " + ended(w.Danger)
	}
	if w.Instead != "" {
		text += " Instead: " + ended(w.Instead)
	}
	if _, err := l.Caution(ctx, tx, w.Code, document.Caution{Step: w.Step, Text: cut(text, document.MaxText), Source: w.entry.Subject}); err != nil {
		return err
	}
	change, err := l.OpenChangeTx(ctx, tx, w.change())
	if err != nil {
		return err
	}
	return putDefeatChange(ctx, tx, w.Defeat, change)
}

// ended is a text that ends as a sentence does, so that another one can follow it.
func ended(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?") {
		return s
	}
	return s + "."
}

// change is the change request with what is known; what nobody has looked at yet is said so.
func (w warning) change() document.Change {
	const open = "not looked at yet"
	reason := w.entry.ActorName + " marked the step " + w.Step + " (" + w.Do + ") as wrong: " + w.Wrong
	if w.Instead != "" {
		reason += "\n\nWhat to do instead: " + w.Instead
	}
	if w.Danger != "" {
		reason += "\n\nWhat happens to who follows it: " + w.Danger
	}
	return document.Change{Title: cut("Step "+w.Step+" of "+w.Code+" proved wrong", document.MaxName), Reason: cut(reason, document.MaxReason), Class: document.MajorChange, Source: w.entry.Subject,
		Impact: document.Impact{Documents: w.on(OnDocument, "no other document refers to it"), Training: w.on(OnTraining, "nobody is trained in it"), Devices: open, Submissions: open,
			Validation: open},
		Items: []document.Item{{Code: w.Code, Note: cut(w.Wrong, document.MaxReason)}}}
}

// on lists what of a kind relies on the step.
func (w warning) on(k RelianceKind, none string) string {
	var out []string
	last := ""
	for _, r := range w.Reliance {
		if r.Kind != k {
			continue
		}
		name := strings.TrimSpace(r.Code + " " + r.Title)
		if name == last {
			out[len(out)-1] += ", " + r.Why
			continue
		}
		last = name
		out = append(out, name+" "+r.Why)
	}
	if len(out) == 0 {
		return none
	}
	return cut(strings.Join(out, "; "), document.MaxReason)
}

// cut shortens a text to a number of bytes, at a character.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit-len("…")], "") + "…"
}
