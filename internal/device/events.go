package device

import "triward/internal/product"

// The kinds of events of this package. Those about a device carry its site and model.
const (
	KindSiteAdded     = "device.site_added"
	KindSiteChanged   = "device.site_changed"
	KindRegistered    = "device.registered"
	KindChanged       = "device.changed"
	KindMoved         = "device.moved"
	KindIdentityAdded = "device.identity_added"
	KindPartRecorded  = "device.fact_recorded"
	KindPartWithdrawn = "device.fact_withdrawn"
	KindMerged        = "device.merged"
	KindRetired       = "device.retired"
	KindReinstated    = "device.reinstated"
	KindContradicted  = "device.contradicted"
	KindSettled       = "device.contradiction_settled"
	KindImportStarted = "device.import_started"
	KindImportStep    = "device.import_step"
	KindImported      = "device.imported"
)

// KindRead is what an actor must be granted to read.
const KindRead = "device.read"

// FactKinds are the kinds after which the facts of a device that decide whether it is affected may be others: what a
// matcher follows. Changes of models and releases are in package product.
func FactKinds() []string {
	return []string{KindRegistered, KindChanged, KindMoved, KindIdentityAdded, KindPartRecorded, KindPartWithdrawn, KindMerged, KindRetired, KindReinstated}
}

// ImportID names an import ("imp_…").
type ImportID string

// Noted is the body of an event about a device: the fields before and after, and the import that brought them.
type Noted struct {
	Import  ImportID        `json:"import,omitempty"`
	Reason  string          `json:"reason,omitempty"`
	Changes product.Changes `json:"changes,omitempty"`
}

// SiteNamed is the body of [KindSiteAdded] and [KindSiteChanged].
type SiteNamed struct {
	Before string `json:"before,omitempty"`
	Name   string `json:"name"`
}

// MergeNoted is the body of [KindMerged]; the event's subject is the device that stays.
type MergeNoted struct {
	Dropped ID              `json:"dropped"`
	Reason  string          `json:"reason"`
	Changes product.Changes `json:"changes,omitempty"`
}

// ContradictionNoted is the body of [KindContradicted] and [KindSettled].
type ContradictionNoted struct {
	Other    ID     `json:"other"`
	Key      string `json:"key"`
	Reason   string `json:"reason"`
	Decision string `json:"decision,omitempty"`
}

// ImportNoted is the body of the events about an import; the event's subject is the import.
type ImportNoted struct {
	Name    string `json:"name,omitempty"`
	Digest  string `json:"digest,omitempty"`
	Rows    int    `json:"rows"`
	From    int    `json:"from,omitempty"`
	Added   int    `json:"added"`
	Changed int    `json:"changed"`
	Same    int    `json:"same"`
	Held    int    `json:"held"`
	Skipped int    `json:"skipped"`
}
