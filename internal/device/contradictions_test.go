package device_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/device"
	"triward/internal/device/network"
	"triward/internal/store"
	"triward/internal/testdb"
)

// The list of contradictions is filtered, sorted in every order both ways, read page by page and within a scope; settled
// ones stay readable with their answer.
func TestContradictionsAreAList(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f, ctx := device.Fleet{DB: db}, testdb.System()
		north, err := f.AddSite(ctx, "North")
		if err != nil {
			t.Fatal(err)
		}
		south, err := f.AddSite(ctx, "South")
		if err != nil {
			t.Fatal(err)
		}
		names := map[device.ID]string{}
		for i, tag := range []string{"C", "A", "B", "C2", "A2", "B2"} { // each pair shares a MAC address
			site := north
			if tag[0] == 'B' {
				site = south
			}
			d := device.Device{AssetTag: tag, Site: site, RawVendor: "Vela", RawModel: "Pump", Serial: fmt.Sprint("S", i),
				Identities: []device.Identity{{Kind: network.MAC, Value: fmt.Sprintf("00:11:22:33:44:5%d", i%3), Source: "test"}}}
			id, err := f.Register(ctx, d)
			if err != nil {
				t.Fatal(err)
			}
			names[id] = tag
		}
		list := func(ctx context.Context, q device.ContradictionQuery) []string {
			t.Helper()
			out := []string{}
			view(t, db, func(r store.Reader) error {
				total, err := device.CountContradictions(ctx, r, q)
				if err != nil {
					return err
				}
				q.Limit = 1
				for more := true; more; more = q.After != "" {
					p, err := device.Contradictions(ctx, r, q)
					if err != nil {
						return err
					}
					for _, c := range p.Items {
						out = append(out, names[c.Device])
					}
					q.After = p.Next
				}
				if total != len(out) {
					t.Errorf("%+v: %d are counted, %d are listed", q, total, len(out))
				}
				return nil
			})
			return out
		}
		scoped := store.WithActor(context.Background(), store.Actor{ID: "usr_1", Grants: []store.Grant{{Kinds: []string{"device.*"}, Sites: []string{string(south)}}}})
		for _, c := range []struct {
			name string
			ctx  context.Context
			q    device.ContradictionQuery
			want []string
		}{
			{"oldest first", ctx, device.ContradictionQuery{}, []string{"C2", "A2", "B2"}},
			{"newest first", ctx, device.ContradictionQuery{Sort: "-at"}, []string{"B2", "A2", "C2"}},
			{"by device", ctx, device.ContradictionQuery{Sort: "device"}, []string{"A2", "B2", "C2"}},
			{"by device, falling", ctx, device.ContradictionQuery{Sort: "-device"}, []string{"C2", "B2", "A2"}},
			{"by what they share", ctx, device.ContradictionQuery{Sort: "-shares"}, []string{"B2", "A2", "C2"}},
			{"share a MAC address", ctx, device.ContradictionQuery{Shared: device.SharedMAC}, []string{"C2", "A2", "B2"}},
			{"share a serial number", ctx, device.ContradictionQuery{Shared: device.SharedSerial}, []string{}},
			{"at a site", ctx, device.ContradictionQuery{Site: south}, []string{"B2"}},
			{"within a scope", scoped, device.ContradictionQuery{}, []string{"B2"}},
			{"settled", ctx, device.ContradictionQuery{State: device.ContradictionSettled}, []string{}},
		} {
			if d := cmp.Diff(c.want, list(c.ctx, c.q)); d != "" {
				t.Errorf("%s (-want +got):\n%s", c.name, d)
			}
		}
		view(t, db, func(r store.Reader) error {
			for _, q := range []device.ContradictionQuery{{Sort: "colour"}, {Shared: "colour"}, {State: "lost"}} {
				if _, err := device.Contradictions(ctx, r, q); err == nil {
					t.Errorf("%+v is accepted", q)
				}
			}
			return nil
		})
		var first device.FoundContradiction
		view(t, db, func(r store.Reader) error {
			p, err := device.Contradictions(ctx, r, device.ContradictionQuery{Limit: 1})
			first = p.Items[0]
			return err
		})
		if err := f.Settle(ctx, first.ID, "a dock shared by both"); err != nil {
			t.Fatal(err)
		}
		view(t, db, func(r store.Reader) error {
			p, err := device.Contradictions(ctx, r, device.ContradictionQuery{State: device.ContradictionSettled, Device: first.Other})
			if len(p.Items) != 1 || p.Items[0].Answer != "a dock shared by both" || p.Items[0].Settled.IsZero() {
				t.Errorf("settled = %+v", p.Items)
			}
			return err
		})
		if d := cmp.Diff([]string{"A2", "B2"}, list(ctx, device.ContradictionQuery{})); d != "" {
			t.Errorf("open (-want +got):\n%s", d)
		}
	})
}
