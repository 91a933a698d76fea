package exercise

// The kinds of events of this package; they are its permissions too. The subject is the incident. Who may read incidents may
// read exercises.
const (
	KindStarted   = "exercise.started"
	KindInjected  = "exercise.injected" // something happened, or was called before its time
	KindAnswered  = "exercise.answered"
	KindStopped   = "exercise.stopped"
	KindConfirmed = "exercise.confirmed" // who took part
)

// Body is the body of every event of this package.
type Body struct {
	Number   string   `json:"number"`
	Exercise bool     `json:"exercise"` // always
	ID       string   `json:"id"`       // of the exercise
	Scenario string   `json:"scenario,omitempty"`
	Pace     int      `json:"pace,omitempty"`
	Inject   string   `json:"inject,omitempty"`
	Called   bool     `json:"called,omitempty"` // the leader called it; it happens next
	Text     string   `json:"text,omitempty"`
	People   []string `json:"people,omitempty"` // accounts
}
