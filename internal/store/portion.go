package store

import "context"

// Portion is how far a follower is within the entries that wait for it. It commits with what was derived, so that the work
// goes on where it was, also after a crash and in another process.
type Portion struct {
	Done  int64  // entries up to this one are derived
	Upto  int64  // entries up to this one are being derived; 0: none are
	Stage string // which part of their work is next
	After string // where that part goes on, "" at its beginning
}

// Portion reads how far a follower is.
func (b *Bulk) Portion(ctx context.Context, follower string) (Portion, error) {
	all, err := All(ctx, b, func(s Scanner) (p Portion, err error) {
		return p, s.Scan(&p.Done, &p.Upto, &p.Stage, &p.After)
	}, `SELECT done, upto, stage, after FROM derivation_portion WHERE name = $1`, follower)
	if err != nil || len(all) == 0 {
		return Portion{}, err
	}
	return all[0], nil
}

// KeepPortion keeps how far a follower is.
func (b *Bulk) KeepPortion(ctx context.Context, follower string, p Portion) error {
	_, err := b.Exec(ctx, `INSERT INTO derivation_portion (name, done, upto, stage, after) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (name) DO UPDATE SET done = excluded.done, upto = excluded.upto, stage = excluded.stage, after = excluded.after`,
		follower, p.Done, p.Upto, p.Stage, p.After)
	return err
}
