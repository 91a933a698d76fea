package api

import (
	"context"
	"net/http"

	"triward/apiv1"
	"triward/internal/device"
	"triward/internal/device/network"
	"triward/internal/product"
	"triward/internal/store"
)

func (s *Server) deviceFacts() {
	add(s, op{id: "device-identities", route: "GET /devices/{id}/identities", kind: device.KindRead, summary: "Network identities of a device, present and past"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.Identity], error) {
			d, err := s.device(ctx, in.ID)
			return list(d.Identities, wireIdentity), err
		})
	act(s, op{id: "add-device-identity", route: "POST /devices/{id}/identities", kind: device.KindIdentityAdded, summary: "Add a network identity to a device"}, s.addIdentity)
	add(s, op{id: "device-facts", route: "GET /devices/{id}/facts", kind: device.KindRead, summary: "Configuration facts that hold for a device: its own, its release's and its model's"}, s.factsOfDevice)
	add(s, op{id: "record-device-fact", route: "POST /devices/{id}/facts", kind: device.KindPartRecorded, summary: "Record a configuration fact of a device", status: http.StatusCreated},
		func(ctx context.Context, in *oneWith[apiv1.Part]) (apiv1.Made, error) {
			id, err := s.Fleet.RecordPart(ctx, device.Part{Device: device.ID(in.ID), Part: partOf(in.Body)})
			return apiv1.Made{ID: id}, err
		})
	act(s, op{id: "withdraw-device-fact", route: "DELETE /device-facts/{id}", kind: device.KindPartWithdrawn, summary: "Say that a configuration fact of a device does not hold any more"},
		func(ctx context.Context, in *one) error { return s.Fleet.WithdrawPart(ctx, in.ID) })
	add(s, op{id: "contradictions", route: "GET /contradictions", kind: device.KindRead, summary: "Records that share what only one device can have, the oldest first"}, s.contradictions)
	act(s, op{id: "settle-contradiction", route: "POST /contradictions/{id}/settle", kind: device.KindSettled, summary: "Say that two contradicting records are two devices"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
			return s.Fleet.Settle(ctx, in.ID, in.Body.Reason)
		})
}

func (s *Server) addIdentity(ctx context.Context, in *oneWith[apiv1.IdentityInput]) error {
	d, err := s.device(ctx, in.ID)
	if err != nil {
		return err
	}
	d.Identities = append(d.Identities, device.Identity{Kind: network.IdentityKind(in.Body.Kind), Value: in.Body.Value, Source: in.Body.Source})
	return s.Fleet.Change(ctx, d)
}

func (s *Server) factsOfDevice(ctx context.Context, in *one) (apiv1.List[apiv1.Fact], error) {
	c, err := read(ctx, s, func(r store.Reader) (device.Configuration, error) { return device.Facts(ctx, r, device.ID(in.ID)) })
	out := each(c.Own, func(p device.Part) apiv1.Fact { return apiv1.Fact{ID: p.ID, Of: "device", Part: wirePart(p.Part)} })
	return apiv1.List[apiv1.Fact]{Items: append(out, each(c.Shared, wireFact)...)}, err
}

func partOf(p apiv1.Part) product.Part {
	return product.Part{Kind: product.FactKind(p.Kind), Vendor: p.Vendor, Product: p.Product, Version: p.Version, CPE: p.CPE, Source: p.Source,
		Confidence: product.Confidence(p.Confidence)}
}

func wirePart(p product.Part) apiv1.Part {
	return apiv1.Part{Kind: string(p.Kind), Vendor: p.Vendor, Product: p.Product, Version: p.Version, CPE: p.CPE, Source: p.Source, Confidence: string(p.Confidence)}
}

func wireFact(f product.Fact) apiv1.Fact {
	of := "model"
	if f.Release != "" {
		of = "release"
	}
	return apiv1.Fact{ID: f.ID, Of: of, Release: string(f.Release), Part: wirePart(f.Part), At: f.At}
}

func (s *Server) contradictions(ctx context.Context, in *struct{ apiv1.ContradictionQuery }) (apiv1.Page[apiv1.Contradiction], error) {
	p, err := read(ctx, s, func(r store.Reader) (store.Page[device.FoundContradiction], error) {
		return device.Contradictions(ctx, r, device.ContradictionQuery{State: device.ContradictionState(in.State), Shared: device.Shared(in.Shares), Site: device.SiteID(in.Site),
			Model: product.ModelID(in.Model), Sort: in.Sort, After: in.After, Limit: in.Limit})
	})
	return page(p.Items, p.Next, func(c device.FoundContradiction) apiv1.Contradiction {
		return apiv1.Contradiction{ID: c.ID, Device: string(c.Device), Other: string(c.Other), Key: c.Key, Reason: c.Reason, At: c.At, Settled: c.Settled, Answer: c.Answer}
	}), err
}
