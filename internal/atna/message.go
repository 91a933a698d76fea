package atna

// Message is one audit message. An empty string stands for what is absent.
type Message struct {
	Event        Event
	Participants []Participant
	Sources      []Source
	Objects      []Object
	Repaired     bool // bytes that are no UTF-8 were read as Latin-1 or as U+FFFD
}

// Event is the EventIdentification.
type Event struct {
	ID                 Code
	Types              []Code
	Action             string // C create, R read, U update, D delete, E execute
	Time               string // xs:dateTime, perhaps without a zone
	Outcome            string // 0 success, 4 minor, 8 serious, 12 major failure
	OutcomeDescription string
}

// Code is a coded value. System is the name of the coding system ("DCM"), Text what a person reads.
type Code struct{ Value, System, Text string }

// Participant is an ActiveParticipant.
type Participant struct {
	UserID             string
	AlternativeUserID  string // AE titles stand here: "AETITLE=ARCHIVE"
	UserName           string
	Requestor          string // as written: "true", "false", "1", "0"
	UserType           string // 1 person, 2 application
	NetworkAccessPoint string
	NetworkAccessType  string // 1 machine name, 2 IP address, 3 telephone, 4 e-mail, 5 URI
	Roles              []Code
	Media              Code
}

// Source is an AuditSourceIdentification.
type Source struct {
	ID, Site string
	Types    []Code // 1 display, 2 modality, 3 web, 4 application server, 5 database, 6 security server, 7 to 9
}

// Object is a ParticipantObjectIdentification.
type Object struct {
	ID          string
	Type        string // 1 person, 2 system, 3 organisation, 4 other
	Role        string // 1 patient, 3 report, 24 query …
	LifeCycle   string
	Sensitivity string
	IDType      Code
	Name        string
	Query       string // base64
	Details     []Detail
	Description Description
}

// Detail is a ParticipantObjectDetail. Value is base64 in the schema; some emitters write plain text.
type Detail struct{ Type, Value string }

// Description is what an object holds.
type Description struct {
	Text       string
	MPPS       []string // UIDs
	Accessions []string
	Studies    []string // UIDs
	Classes    []Class
	Encrypted  string // as written
	Anonymized string
}

// Class is a SOPClass with the number of its instances, as written.
type Class struct {
	UID, Number string
	Instances   []string // UIDs
}

// IsRequestor is whether the participant is said to have started the event. Some emitters say it of both.
func (p *Participant) IsRequestor() bool { return p.Requestor == "true" || p.Requestor == "1" }

// HasRole is whether one of the roles has the code.
func (p *Participant) HasRole(code string) bool {
	for i := range p.Roles {
		if p.Roles[i].Value == code {
			return true
		}
	}
	return false
}

// IsPatient is whether the object is a patient: person and patient by the codes, or named by a patient number (RFC 3881
// 5.5.4).
func (o *Object) IsPatient() bool {
	if o.Role == "1" && (o.Type == "1" || o.Type == "") {
		return true
	}
	return o.IDType.Value == "2" && (o.IDType.System == "RFC-3881" || o.IDType.System == "" && o.Type == "1")
}

// reset empties the message and keeps its memory.
func (m *Message) reset() {
	*m = Message{Event: Event{Types: m.Event.Types[:0]}, Participants: m.Participants[:0], Sources: m.Sources[:0], Objects: m.Objects[:0]}
}

// next makes room for one more element of s, whose lists are used again.
func next[T any](s []T) []T {
	if len(s) < cap(s) {
		return s[:len(s)+1]
	}
	var zero T
	return append(s, zero)
}

func (m *Message) participant() *Participant {
	m.Participants = next(m.Participants)
	p := &m.Participants[len(m.Participants)-1]
	*p = Participant{Roles: p.Roles[:0]}
	return p
}

func (m *Message) source() *Source {
	m.Sources = next(m.Sources)
	s := &m.Sources[len(m.Sources)-1]
	*s = Source{Types: s.Types[:0]}
	return s
}

func (m *Message) object() *Object {
	m.Objects = next(m.Objects)
	o := &m.Objects[len(m.Objects)-1]
	d := &o.Description
	*o = Object{Details: o.Details[:0], Description: Description{MPPS: d.MPPS[:0], Accessions: d.Accessions[:0], Studies: d.Studies[:0], Classes: d.Classes[:0]}}
	return o
}

func (d *Description) class() *Class {
	d.Classes = next(d.Classes)
	c := &d.Classes[len(d.Classes)-1]
	*c = Class{Instances: c.Instances[:0]}
	return c
}
