package risk

import (
	"context"
	"slices"
	"time"

	"triward/internal/device"
	"triward/internal/device/network"
	"triward/internal/product"
	"triward/internal/store"
	"triward/internal/vuln"
)

// deviceFact is what ranking needs of a device.
type deviceFact struct {
	id         string
	tag        string
	site       string
	ward       string
	model      string
	version    string
	class      string
	inUse      string
	ways       []network.Connectivity
	registered time.Time
}

// readDeviceFacts reads active devices; those that are retired or merged are absent.
func readDeviceFacts(ctx context.Context, r store.Reader, ids []string) (map[string]deviceFact, error) {
	out := make(map[string]deviceFact, len(ids))
	for part := range slices.Chunk(ids, 1000) {
		briefs, err := device.Briefs(ctx, r, part)
		if err != nil {
			return nil, err
		}
		for _, b := range briefs {
			f := deviceFact{id: string(b.ID), tag: b.AssetTag, site: string(b.Site), ward: b.Ward, model: string(b.Model), version: b.Version,
				class: string(b.Class), inUse: string(b.InUse), ways: b.Connectivity, registered: b.At}
			out[f.id] = f
		}
	}
	return out, nil
}

// UseOf turns a model into what harm rests on. class is what holds for the device.
func UseOf(m product.Model, class product.SafetyClass) Use {
	u := Use{SafetyClass: string(class), MultiPatient: m.MultiPatient == product.Yes}
	for _, f := range m.Functions {
		u.Functions = append(u.Functions, Function{Name: f.Name, Worst: SeverityOf(string(f.Harm))})
	}
	return u
}

// readModel reads a model; a device without a model has only its own safety class.
func readModel(ctx context.Context, r store.Reader, model string) (product.Model, error) {
	if model == "" {
		return product.Model{}, nil
	}
	return product.Get(ctx, r, product.ModelID(model))
}

// factsUnder is the facts that an acceptance of vulnerabilities rests on.
func factsUnder(ctx context.Context, r store.Reader, vulns []string) (Known, error) {
	threats, err := vuln.Threats(ctx, r, vulns)
	if err != nil {
		return Known{}, err
	}
	k := Known{Exploited: map[string][]string{}, Records: map[string][]string{}}
	for v, t := range threats {
		for _, a := range ThreatOf(t).Exploited {
			k.Exploited[v] = append(k.Exploited[v], a.By)
		}
		k.Records[v] = t.Records
	}
	return k, nil
}

// inputOf reads everything that the class of a line rests on. The reader may see the line, so it may see why.
func inputOf(ctx context.Context, r store.Reader, l Line) (Input, Table, error) {
	ctx = store.WithActor(ctx, store.System("ranker"))
	t, err := CurrentTable(ctx, r)
	if err != nil {
		return Input{}, t, err
	}
	facts, err := readDeviceFacts(ctx, r, []string{l.Device})
	if err != nil {
		return Input{}, t, err
	}
	f := facts[l.Device]
	m, err := readModel(ctx, r, f.model)
	if err != nil {
		return Input{}, t, err
	}
	threats, err := vuln.Threats(ctx, r, []string{l.Vulnerability})
	if err != nil {
		return Input{}, t, err
	}
	decided, err := decidedLines(ctx, r, []string{l.Device})
	if err != nil {
		return Input{}, t, err
	}
	return Input{Truth: l.Truth, Threat: ThreatOf(threats[l.Vulnerability]), Reach: Reach{Ways: f.ways}, Use: UseOf(m, product.SafetyClass(f.class)),
		Control: Control{Documented: decided[[2]string{l.Device, l.Vulnerability}].controls}}, t, nil
}
