package apiv1

import "time"

// DisclosureInput begins the coordinated disclosure of a weakness.
type DisclosureInput struct {
	Title    string `json:"title" maxLength:"300" doc:"The weakness in words"`
	Weakness string `json:"weakness,omitempty" maxLength:"300" doc:"CVE or other id; empty while it has none"`
	Model    string `json:"model,omitempty" maxLength:"200" doc:"Product, by its id; needed where there is no weakness"`
}

// Disclosure is how a weakness that an incident revealed is told (CERT/CC Vultron).
type Disclosure struct {
	ID string `json:"id"`
	DisclosureInput
	Incident     string                  `json:"incident"`
	Report       string                  `json:"report" enum:"start,received,invalid,valid,accepted,deferred,closed"`
	Embargo      string                  `json:"embargo" enum:"none,proposed,active,revise,exited"`
	Ends         time.Time               `json:"ends,omitzero" doc:"When the embargo in force ends, or was to end"`
	Asked        time.Time               `json:"asked,omitzero" doc:"End that is proposed"`
	Case         string                  `json:"case" doc:"As Vultron writes it, such as VFdpxa: a capital is true"`
	Bits         []DisclosureBit         `json:"bits" nullable:"false" doc:"What is true of the weakness"`
	Participants []DisclosureParticipant `json:"participants" nullable:"false"`
	Opened       time.Time               `json:"opened"`
	Name         string                  `json:"name" doc:"Who opened it"`
}

// DisclosureBit is something that is true of a weakness.
type DisclosureBit struct {
	Bit   string    `json:"bit" enum:"vendor_aware,fix_ready,fix_deployed,public_aware,exploit_public,attacks_observed"`
	Since time.Time `json:"since"`
}

// DisclosureParticipant is who takes part in a disclosure.
type DisclosureParticipant struct {
	Role  string    `json:"role" enum:"finder,vendor,coordinator,deployer"`
	Name  string    `json:"name" maxLength:"300"`
	Aware time.Time `json:"aware,omitzero" doc:"Of a vendor: when it became aware"`
}

// DisclosureMove is one move: exactly one of report, act and bit.
type DisclosureMove struct {
	Report string    `json:"report,omitempty" enum:"received,invalid,valid,accepted,deferred,closed" doc:"What the report becomes"`
	Act    string    `json:"act,omitempty" enum:"propose,accept,reject,exit" doc:"What is done about the embargo"`
	Until  time.Time `json:"until,omitzero" doc:"End of the embargo that is proposed"`
	Bit    string    `json:"bit,omitempty" enum:"vendor_aware,fix_ready,fix_deployed,public_aware,exploit_public,attacks_observed" doc:"What became true; it is never taken back"`
	Reason string    `json:"reason" maxLength:"4000"`
}
