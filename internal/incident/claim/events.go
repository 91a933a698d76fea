package claim

// The kinds of events of this package; they are its permissions too. The subject is the incident.
const (
	KindAdded     = "claim.indicator_added"
	KindSearched  = "claim.indicator_searched" // by the program
	KindLookedUp  = "claim.looked_up"          // outside
	KindMade      = "claim.made"
	KindWithdrawn = "claim.withdrawn"
	KindChained   = "claim.chained" // to an activity thread
)

// Body is the body of every event of this package.
type Body struct {
	Number    string `json:"number"`
	Exercise  bool   `json:"exercise,omitempty"`
	Indicator string `json:"indicator,omitempty"`
	Claim     string `json:"claim,omitempty"`
	Replaces  string `json:"replaces,omitempty"`
	Kind      string `json:"kind,omitempty"` // of an indicator; what a claim is about
	Value     string `json:"value,omitempty"`
	Says      string `json:"says,omitempty"`
	Source    string `json:"source,omitempty"`
	Grade     string `json:"grade,omitempty"`
	Evidence  []Ref  `json:"evidence,omitempty"`
	Likely    string `json:"likelihood,omitempty"`
	Newer     bool   `json:"newer,omitempty"` // a technique that the list does not have
	Thread    string `json:"thread,omitempty"`
	Version   int    `json:"version,omitempty"` // of the thread
	Steps     []Step `json:"steps,omitempty"`
	Reason    string `json:"reason,omitempty"`
	Where     string `json:"where,omitempty"` // of a look-up outside
	Found     string `json:"found,omitempty"`
	Done      bool   `json:"done,omitempty"`   // of a search
	Events    int64  `json:"events,omitempty"` // that hold the indicator
	Devices   int    `json:"devices,omitempty"`
}
