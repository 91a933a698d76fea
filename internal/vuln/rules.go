package vuln

import (
	"context"
	"encoding/json"
	"fmt"

	"triward/internal/store"
)

// RulesVersion numbers the rules by which devices are matched and ranked. Raise it with every change after which the same
// facts and records can give another answer or another class: names, version ranges, configurations, the derivation of
// exploitability and harm. An installation then matches everything again by itself.
const RulesVersion = 1

// Rules keeps by which rules an installation has matched.
type Rules struct {
	DB      *store.DB
	Version int // of the rules of the program; 0 is [RulesVersion]
}

func (s Rules) version() int {
	if s.Version == 0 {
		return RulesVersion
	}
	return s.Version
}

// Notice records that the rules of the program are others than those before, and reports whether they were. Followers of
// the journal match everything again, in portions, while pages and sources go on.
func (s Rules) Notice(ctx context.Context) (bool, error) {
	known := false
	if err := s.DB.View(ctx, func(r store.Reader) (err error) {
		known, err = s.known(ctx, r)
		return err
	}); err != nil || known {
		return false, err
	}
	err := s.DB.Update(ctx, func(tx *store.Tx) error {
		var err error
		if known, err = s.known(ctx, tx); err != nil || known { // another process was first
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindRulesChanged, Subject: "rules", Body: rulesBody{s.version()}})
		return err
	})
	if err != nil {
		return false, fmt.Errorf("note the version of the rules: %w", err)
	}
	return !known, nil
}

type rulesBody struct {
	Version int `json:"version"`
}

// known tells whether the journal's last word about the rules is this version.
func (s Rules) known(ctx context.Context, r store.Reader) (bool, error) {
	all, err := store.Journal(ctx, r, store.JournalQuery{Subject: "rules", Kinds: []string{KindRulesChanged}, Order: store.NewestFirst, Limit: 1})
	if err != nil || len(all) == 0 {
		return false, err
	}
	var last rulesBody
	return json.Unmarshal(all[0].Body, &last) == nil && last.Version == s.version(), nil
}
