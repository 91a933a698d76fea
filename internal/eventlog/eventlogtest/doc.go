// Package eventlogtest has the suite that every eventlog.Log passes, and a maker of events as hospitals send them.
package eventlogtest
