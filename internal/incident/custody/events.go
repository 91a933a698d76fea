package custody

import "triward/internal/incident"

// The kinds of events of this package; they are its permissions too. The subject is the item; the body is the entry with its
// hash.
const (
	KindRead        = "custody.read"
	KindRegistered  = "custody.registered"
	KindContent     = "custody.content_received"
	KindSealed      = "custody.sealed"
	KindTransferred = "custody.transferred"
	KindAccessed    = "custody.accessed"
	KindWorked      = "custody.worked" // copied, analysed, exported
	KindVerified    = "custody.verified"
	KindHeld        = "custody.held"
	KindDestroyed   = "custody.destroyed" // asked for, or done
	KindAccepted    = "custody.broken_accepted"
	KindRewrapped   = "custody.rewrapped" // may encrypt everything with the newest key
)

// Body is the body of every event of this package.
type Body struct {
	Entry
	Hash     string `json:"hash,omitempty"`
	Exhibit  string `json:"exhibit"`
	Incident string `json:"incident"`
	// TLP is the item's own label: an entry about what is red is read by those who are named in the incident.
	TLP incident.Marking `json:"tlp,omitempty"`
}
