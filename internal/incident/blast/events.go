package blast

// KindKept is the kind of the event that a blast radius was kept with an incident; it is the permission for it too. The
// subject is the incident.
const KindKept = "incident.blast_kept"

// Kept is the body of the event.
type Kept struct {
	Number   string `json:"number"`
	Exercise bool   `json:"exercise,omitempty"`
	Of       string `json:"of"` // id of the snapshot
	Asked    string `json:"asked"`
	Affected int    `json:"affected"`
	Unknown  int    `json:"unknown"`
	Digest   string `json:"digest"` // SHA-256 of the snapshot's bytes, hex
}
