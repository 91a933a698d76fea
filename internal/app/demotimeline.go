package app

import (
	"context"
	"strings"
	"time"

	"triward/internal/detection/reading"
	"triward/internal/incident/timeline"
	"triward/internal/store"
)

// remembered adds to the timeline of the pump's incident what people know: when the visitor was there, a stick that nobody
// can date, and what matters of the rest.
func (d *demonstration) remembered(ctx context.Context, incident, pump string) error {
	desk, of := timeline.Desk{DB: d.db, Events: reading.Desk{DB: d.db, Log: d.log}}, timeline.Of{Incident: incident}
	security, htm := d.as(ctx, "security"), d.as(ctx, "htm")
	visit, err := desk.Add(htm, of, timeline.Addition{Told: d.clock.now().Add(-14 * time.Hour), Certainty: timeline.About, Who: "service engineer of the maker", Device: pump,
		What: "A laptop was connected to the service port of the pump.", Source: "visitor book of ICU 1, no minute is written"})
	if err != nil {
		return err
	}
	if _, err := desk.Add(htm, of, timeline.Addition{Certainty: timeline.Undated, What: "A USB stick without a label lay behind the pump.", Who: "found by the night nurse", Source: "told at the hand-over", Device: pump}); err != nil {
		return err
	}
	p, err := desk.Page(security, of, timeline.Query{Kinds: []timeline.Kind{timeline.Containment}, Order: store.OldestFirst, Limit: 100})
	if err != nil {
		return err
	}
	for _, e := range p.Entries {
		if strings.Contains(e.What, "drops the calls") {
			if err := desk.Pin(security, of, e.Key, "from here on nothing left any more"); err != nil {
				return err
			}
			break
		}
	}
	if err := desk.Pin(security, of, visit, "the only hand on the pump in that night"); err != nil {
		return err
	}
	return desk.Comment(htm, of, visit, "The maker was asked for the engineer's report.")
}
