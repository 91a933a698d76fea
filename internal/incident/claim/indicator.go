package claim

import (
	"time"

	"triward/internal/detection"
	"triward/internal/incident/indicator"
)

// Indicator is something by which the other side is recognised, found in an incident.
type Indicator struct {
	ID        string // "ind_…"
	Incident  string
	Kind      indicator.Kind
	Value     string // as [indicator.Parse] gives it
	Note      string // where it was found
	ActorName string
	At        time.Time
	Search    Search
	LookUps   []LookUp
}

// Search is the newest look back over the kept events.
type Search struct {
	At      time.Time         `json:"at"`
	Done    bool              `json:"done"`
	Why     string            `json:"why,omitempty"` // why it was not searched
	Events  int64             `json:"events"`
	First   time.Time         `json:"first,omitzero"`
	Last    time.Time         `json:"last,omitzero"`
	Devices []Seen            `json:"devices,omitempty"` // with events that hold it, the most first, then those that it is a name of
	Others  int               `json:"others,omitempty"`  // devices beyond [indicator.Most]
	IDs     []string          `json:"ids,omitempty"`     // of the latest events
	Blind   []detection.Blind `json:"blind,omitempty"`   // the latest times in which something was not seen
	More    bool              `json:"more,omitempty"`    // there are older ones
	In      []string          `json:"in,omitempty"`      // the devices of the incident at that time
}

// Seen is a device with how many events of it hold an indicator.
type Seen struct {
	Device string `json:"device"`
	Events int64  `json:"events"`
	Owner  bool   `json:"owner,omitempty"` // it has, or had, that name on the network
	New    bool   `json:"new,omitempty"`   // the search before had not found it
}

// LookUp is that somebody asked outside about an indicator.
type LookUp struct {
	Where     string    `json:"where"`
	Found     string    `json:"found"`
	ActorName string    `json:"actor_name"`
	At        time.Time `json:"at"`
}

// Named is how many devices events name with it.
func (s Search) Named() int {
	n := 0
	for _, d := range s.Devices {
		if d.Events > 0 {
			n++
		}
	}
	return n + s.Others
}

// Owners is how many devices it is a name of.
func (s Search) Owners() int {
	n := 0
	for _, d := range s.Devices {
		if d.Owner {
			n++
		}
	}
	return n
}

// Reading is the indicator as it is searched for.
func (i Indicator) Reading() indicator.Reading {
	return indicator.Reading{Kind: i.Kind, Value: i.Value}
}

// Shown is the value as it is printed: addresses, names and web addresses so that nobody opens them by accident.
func (i Indicator) Shown() string { return indicator.Defang(i.Kind, i.Value) }
