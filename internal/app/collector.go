package app

import (
	"os"
	"runtime/debug"
)

// TuneCollector lets the garbage collector run half as often as it would by itself, unless GOGC says otherwise: events are
// millions of short-lived values, and looking for them costs a tenth of the processor (docs/adr/0018-collector.md).
func TuneCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
}
