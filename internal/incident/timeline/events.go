package timeline

// The kinds of events of this package; they are its permissions too. The subject is the incident or the device. Who may read
// the incident or device may read its timeline.
const (
	KindAdded     = "timeline.added"
	KindPinned    = "timeline.pinned"
	KindUnpinned  = "timeline.unpinned"
	KindCommented = "timeline.commented"
	KindExported  = "timeline.exported"
)

// Body is the body of every event of this package but KindExported.
type Body struct {
	Entry     string `json:"entry"` // its key
	Exercise  bool   `json:"exercise,omitempty"`
	Told      string `json:"told,omitempty"` // "" of an entry that was added: undated
	Certainty string `json:"certainty,omitempty"`
	What      string `json:"what,omitempty"`
	Who       string `json:"who,omitempty"`
	Source    string `json:"source,omitempty"`
	Device    string `json:"device,omitempty"`
	Reason    string `json:"reason,omitempty"` // of a highlight
	Note      string `json:"note,omitempty"`   // the comment
}

// Exported is the body of KindExported.
type Exported struct {
	Format  string  `json:"format"`
	To      string  `json:"to"` // who receives it; As: whom they belong to
	As      string  `json:"as"`
	Reason  string  `json:"reason"`
	By      string  `json:"authorised_by"`
	SHA256  string  `json:"sha256"` // of the file
	Entries int     `json:"entries"`
	Undated int     `json:"undated"`
	Left    LeftOut `json:"left_out"`
}
