package fire

import (
	"strconv"

	"triward/internal/eventlog"
	"triward/internal/eventlog/decode"
	"triward/internal/sigma"
	"triward/internal/sigma/engine"
)

// Feed gives an event to a worker under the names that rules use, and returns the log sources that it belongs to. Names
// without a value are left out, so that they count as absent.
func Feed(w *engine.Worker, e *eventlog.Event) []sigma.LogSource {
	w.Reset()
	for _, f := range []struct{ name, value string }{
		{"dev.id", e.Device}, {"peer.id", e.Peer}, {"dev.site", e.Site}, {"dev.ward", e.Ward}, {"dev.zone", e.Zone},
		{"peer.zone", e.PeerZone}, {"user", e.User}, {"host", e.Host}, {"src.ip", e.SrcIP}, {"dst.ip", e.DstIP},
		{"proto", e.Proto}, {"hash", e.Hash}, {"message", e.Message}, {"source", e.Source},
	} {
		if f.value != "" {
			w.Set(f.name, f.value)
		}
	}
	if e.Device != "" {
		w.Set("dev.managed", "true")
	}
	if e.Peer != "" {
		w.Set("peer.managed", "true")
	}
	if e.SrcPort != 0 {
		w.Set("src.port", strconv.Itoa(e.SrcPort))
	}
	if e.DstPort != 0 {
		w.Set("dst.port", strconv.Itoa(e.DstPort))
	}
	for _, f := range e.Fields {
		w.Set(f.Name, f.Value)
	}
	if record := decode.Record(e); record != nil {
		w.Read(record)
	} else {
		w.Read(e.Raw)
	}
	return engine.Sources(e.Product, e.Category, e.Service)
}
