package source

import "slices"

// Level is where a document stands in the hierarchy.
type Level string

// The closed list of levels.
const (
	Policy      Level = "policy"
	Standard    Level = "standard"
	Procedure   Level = "procedure"
	Instruction Level = "instruction"
	Template    Level = "template"
	Record      Level = "record"
)

// Levels are all levels from the top.
var Levels = []Level{Policy, Standard, Procedure, Instruction, Template, Record}

// Word is how people read a level.
func (l Level) Word() string {
	if l == Instruction {
		return "work instruction"
	}
	return string(l)
}

// Audience is the kind of organisation that a document is written for.
type Audience string

// The closed list of audiences.
const (
	Manufacturer Audience = "manufacturer"
	Hospital     Audience = "hospital"
)

// Audiences are all audiences.
var Audiences = []Audience{Manufacturer, Hospital}

// Interface marks documents that need the signatures of two sides.
type Interface string

// ProductIT needs product security and IT security.
const ProductIT Interface = "product_it"

// Interfaces are all interfaces.
var Interfaces = []Interface{ProductIT}

// TrainingKind is how a person shows that they know a document.
type TrainingKind string

// The closed list of kinds of training: told, read and signed, asked, seen doing it.
const (
	Notify    TrainingKind = "notify"
	Read      TrainingKind = "read"
	Quiz      TrainingKind = "quiz"
	Practical TrainingKind = "practical"
)

// TrainingKinds are all kinds of training.
var TrainingKinds = []TrainingKind{Notify, Read, Quiz, Practical}

// GateKind is what stands between approval and effectivity.
type GateKind string

// The closed list of gates.
const (
	GateNone     GateKind = "none"
	GateTraining GateKind = "training"
)

// GateKinds are all gates.
var GateKinds = []GateKind{GateNone, GateTraining}

// Print is who may print a document.
type Print string

// The closed list of print rules: anybody, as a numbered copy only, nobody.
const (
	PrintFree       Print = "free"
	PrintControlled Print = "controlled"
	PrintNever      Print = "never"
)

// Prints are all print rules.
var Prints = []Print{PrintFree, PrintControlled, PrintNever}

// RecordKind is what a step leaves behind.
type RecordKind string

// The closed list of kinds of record.
const (
	RecordDecision  RecordKind = "decision"
	RecordNote      RecordKind = "note"
	RecordText      RecordKind = "text"
	RecordNumber    RecordKind = "number"
	RecordFile      RecordKind = "file"
	RecordSignature RecordKind = "signature"
	RecordChecklist RecordKind = "checklist"
	RecordNone      RecordKind = "none"
)

// RecordKinds are all kinds of record.
var RecordKinds = []RecordKind{RecordDecision, RecordNote, RecordText, RecordNumber, RecordFile, RecordSignature, RecordChecklist, RecordNone}

// Need is whether a step asks for evidence.
type Need string

// The closed list of needs.
const (
	Required Need = "required"
	Optional Need = "optional"
	None     Need = "none"
)

// Needs are all needs.
var Needs = []Need{Required, Optional, None}

// Days is which days a target counts.
type Days string

// Working counts Monday to Friday; without it every day counts.
const Working Days = "working"

// Function is a function in the organisation, held by people. Documents name functions, never people.
type Function string

// FunctionWord is a function with the words that people read.
type FunctionWord struct {
	Function Function
	Word     string
}

// Functions is the closed list of functions.
var Functions = []FunctionWord{
	{"board", "Board"},
	{"executive", "Executive sponsor"},
	{"cpso", "Head of product security"},
	{"ciso", "Head of IT security"},
	{"quality", "Quality"},
	{"regulatory", "Regulatory affairs"},
	{"engineering", "Product engineering"},
	{"security_architect", "Security architect"},
	{"risk_manager", "Security risk manager"},
	{"medical_safety", "Medical safety"},
	{"psirt_lead", "PSIRT lead"},
	{"it_security", "IT security"},
	{"supplier_quality", "Supplier quality"},
	{"field_service", "Field service"},
	{"learning", "Learning"},
	{"legal", "Legal"},
	{"communications", "Communications"},
	{"privacy", "Privacy"},
	{"clinical_engineering", "Clinical engineering"},
	{"hospital_network", "Hospital network"},
	{"clinician_owner", "Clinical owner"},
	{"tester", "Tester"},
	{"developer", "Developer"},
	{"product_owner", "Product owner"},
	{"responder", "Responder"},
	{"soc", "Security operations"},
	{"customer_support", "Customer support"},
	{"process_owner", "Process owner"},
}

// Known tells whether a function is in the list.
func (f Function) Known() bool {
	return slices.ContainsFunc(Functions, func(w FunctionWord) bool { return w.Function == f })
}

// Word is how people read a function.
func (f Function) Word() string {
	for _, w := range Functions {
		if w.Function == f {
			return w.Word
		}
	}
	return string(f)
}

// Variable is a gap in the seeded texts that the organisation fills once.
type Variable struct {
	Name     string // as in {{name}}
	Question string // what the set-up interview asks
	Example  string
}

// Variables is the closed list of variables.
var Variables = []Variable{
	{"organisation", "What is the name of your organisation, as it stands in contracts?", "Example Medical Ltd"},
	{"security_contact", "To which address does anybody report a security problem?", "security@example.org"},
	{"security_phone", "Which telephone number is answered at any hour?", "+1 555 0100"},
	{"product_scope", "Which products or devices do these documents cover?", "all connected infusion pumps and their servers"},
	{"country", "In which country does your organisation have its seat?", "Ireland"},
	{"authority", "Which authority for medical devices do you report to first?", "the competent authority of Ireland"},
	{"intranet", "At which address do people in your house reach Triward?", "https://triward.example.org"},
	{"retention_years", "For how many years are records kept at least?", "10"},
}
