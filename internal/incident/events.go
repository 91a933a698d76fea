package incident

import "slices"

// The kinds of events of this package; they are its permissions too. The subject is the incident, or the containment.
const (
	KindRead           = "incident.read"
	KindDeclared       = "incident.declared"
	KindChanged        = "incident.changed"
	KindMoved          = "incident.moved"
	KindClosed         = "incident.closed"
	KindDeviceInvolved = "incident.device_involved"
	KindDeviceMoved    = "incident.device_moved"
	KindWaived         = "incident.evidence_waived" // by a second person: no evidence of a device is kept
	KindLinked         = "incident.linked"
	KindNoted          = "incident.noted"
	KindTaskSet        = "incident.task_set"
	// Somebody of a side accepted a task that was handed to it.
	KindAcceptedProduct  = "incident.accepted_product_security"
	KindAcceptedIT       = "incident.accepted_it_security"
	KindAcceptedClinical = "incident.accepted_clinical_engineering"
	KindAcceptedWard     = "incident.accepted_ward"
	KindRecipientNamed   = "incident.recipient_named" // who may read it when it is marked TLP:RED
	KindRecipientRemoved = "incident.recipient_removed"
	KindEntitySet        = "incident.entity_set"     // who is concerned, and the facts of each
	KindClockRuled       = "incident.clock_ruled"    // that a duty does not apply
	KindCalendarSet      = "incident.calendar_set"   // days on which an authority does not work; the subject is the calendar
	KindDischarged       = "incident.clock_answered" // a report was sent: the evidence

	KindPlanned         = "containment.planned"
	KindChecked         = "containment.checked"
	KindSignedClinical  = "containment.signed_clinical" // as the clinical owner
	KindSignedBiomed    = "containment.signed_biomed"
	KindSignedAttending = "containment.signed_attending"
	KindSignedCommand   = "containment.signed_command"
	KindRan             = "containment.ran"
	KindSeen            = "containment.seen"     // what was observed: the effect, that it is missing, that it ended
	KindReturned        = "containment.returned" // told to return
	KindLifted          = "containment.lifted"   // at the bedside
	KindCancelled       = "containment.cancelled"
)

// Change is a value that became another.
type Change struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// differing keeps the values that really became others.
func differing(all ...Change) []Change {
	return slices.DeleteFunc(all, func(c Change) bool { return c.Before == c.After })
}

// Body is the body of every event of this package.
type Body struct {
	Number   string   `json:"number"`
	Exercise bool     `json:"exercise,omitempty"`
	Of       string   `json:"of,omitempty"` // the device, task, entity, link or note that it is about
	Changes  []Change `json:"changes,omitempty"`
	Reason   string   `json:"reason,omitempty"`
	Note     string   `json:"note,omitempty"`
}
