package incident

import (
	"context"
	"slices"

	"triward/internal/detection"
	"triward/internal/people"
	"triward/internal/store"
)

// Gather takes alerts into an incident: each is linked, their devices are involved, and they are escalated into it, so that
// what fires further is seen there too. An alert of an exercise goes into an exercise only, and no other does.
func (c Cases) Gather(ctx context.Context, incident string, alerts []string, reason string) error {
	return c.open(ctx, incident, func(tx *store.Tx, i *Incident, _ people.Name) error {
		if err := i.gather(ctx, tx, alerts); err != nil {
			return err
		}
		return detection.EscalateTx(ctx, tx, alerts, detection.Escalation{To: i.ID, Reason: reason})
	})
}

// gather links alerts and involves their devices, those that are not there yet.
func (i *Incident) gather(ctx context.Context, tx *store.Tx, alerts []string) error {
	have, err := links(ctx, tx, i.ID)
	if err != nil {
		return err
	}
	in, err := involved(ctx, tx, i.ID)
	if err != nil {
		return err
	}
	var devices []string
	for _, aid := range alerts {
		a, err := detection.GetAlert(ctx, tx, aid)
		if err != nil {
			return err
		}
		if a.Device != "" && !slices.Contains(devices, a.Device) && !slices.ContainsFunc(in, func(d Involved) bool { return d.Device == a.Device }) {
			devices = append(devices, a.Device)
		}
		if slices.ContainsFunc(have, func(l Link) bool { return l.Kind == FromAlert && l.Target == aid }) {
			continue
		}
		if err := i.link(ctx, tx, Link{Kind: FromAlert, Target: aid}); err != nil {
			return err
		}
	}
	if len(devices) == 0 {
		return nil
	}
	return i.involve(ctx, tx, devices, nil)
}
