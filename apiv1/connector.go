package apiv1

import "time"

// Connector is what carries containment out, as the operator of the machine defines it.
type Connector struct {
	Name         string            `json:"name"`
	Title        string            `json:"title"`
	Kind         string            `json:"kind" enum:"webhook,radius,command,ssh"`
	Levels       []int             `json:"levels" nullable:"false" doc:"Levels of the ladder that it may be used for"`
	FarSide      bool              `json:"far_side" doc:"It reaches the attacker's side"`
	Ask          map[string]string `json:"ask" doc:"What a person fills in, each with the pattern that it must match"`
	Hash         string            `json:"hash" doc:"Names the definition"`
	Approved     bool              `json:"approved" doc:"By a person, exactly as it is defined now"`
	ApproverName string            `json:"approver_name,omitempty" doc:"Who approved this or an earlier definition"`
	ApprovedAt   time.Time         `json:"approved_at,omitzero"`
	EndsByItself bool              `json:"ends_by_itself" doc:"What it drives is told when containment ends, so that it ends also while Triward is away"`
	Undo         string            `json:"undo,omitempty" doc:"How a person undoes it by hand"`
	Run          string            `json:"run,omitempty" doc:"What it would send with invented values"`
	Return       string            `json:"return,omitempty"`
}

// ConnectorApproval approves a definition.
type ConnectorApproval struct {
	Hash   string `json:"hash" maxLength:"64" doc:"Of the definition that was looked at"`
	Reason string `json:"reason" maxLength:"2000" doc:"What was looked at"`
}

// ConnectorChoice says how an action is carried out, and what shows that it took effect.
type ConnectorChoice struct {
	Connector string            `json:"connector,omitempty" maxLength:"40" doc:"Empty: by hand"`
	Values    map[string]string `json:"values,omitempty" doc:"What the connector asks for"`
	Means     string            `json:"means,omitempty" enum:"quiet,report" doc:"quiet: no event of the device; report: an event that says it; empty: a person looks"`
	Source    string            `json:"source,omitempty" maxLength:"100" doc:"The source that sees it"`
	Class     int               `json:"class,omitempty" doc:"OCSF class of the events; 0: any"`
	Text      string            `json:"text,omitempty" maxLength:"200" doc:"Words of the events"`
	Gone      string            `json:"gone,omitempty" maxLength:"200" doc:"report: words of the event that says that it ended"`
	Address   string            `json:"address,omitempty" maxLength:"64" doc:"Of what is no device of the fleet"`
	Outside   bool              `json:"outside,omitempty" doc:"quiet: only flows outside of the approved profile count"`
	Minutes   int               `json:"minutes,omitempty" doc:"quiet: for how long"`
	Within    int               `json:"within,omitempty" doc:"Minutes in which it must be seen; 0: 15"`
}

// ConnectorOrder is what an action sends through its connector, and how far that came.
type ConnectorOrder struct {
	ConnectorChoice
	Hash         string    `json:"hash"`
	Run          string    `json:"run" doc:"Exactly what is sent to contain, but for secrets"`
	Return       string    `json:"return" doc:"Exactly what is sent to take it back"`
	Tries        int       `json:"tries"`
	Answered     time.Time `json:"answered,omitzero"`
	BackTries    int       `json:"back_tries"`
	BackAnswered time.Time `json:"back_answered,omitzero"`
	Fault        string    `json:"fault,omitempty" doc:"Of the last try"`
	Undo         string    `json:"undo,omitempty" doc:"How a person undoes it by hand, from the definition"`
	Now          string    `json:"now,omitempty" doc:"What the events show now"`
}

// Flow is one clinical flow of a device.
type Flow struct {
	Direction string `json:"direction" enum:"out,in" doc:"out: the device calls"`
	Proto     string `json:"proto" enum:"tcp,udp,icmp"`
	Peer      string `json:"peer" maxLength:"64" doc:"Address or network"`
	Port      int    `json:"port" doc:"0 for icmp"`
	Purpose   string `json:"purpose" maxLength:"200"`
}

// FlowProfile is the list of clinical flows of a device.
type FlowProfile struct {
	Flows        []Flow    `json:"flows" nullable:"false"`
	Holds        bool      `json:"holds" doc:"Approved, and the device did not change since"`
	Changed      bool      `json:"changed" doc:"Addresses or software of the device are others than approved"`
	Hash         string    `json:"hash" doc:"Names the list, to approve it"`
	ProposerName string    `json:"proposer_name,omitempty"`
	Proposed     time.Time `json:"proposed,omitzero"`
	ApproverName string    `json:"approver_name,omitempty"`
	Approved     time.Time `json:"approved,omitzero"`
}

// FlowProfileInput proposes the list of a device.
type FlowProfileInput struct {
	Flows []Flow `json:"flows" nullable:"false"`
}

// FlowProfileApproval approves the list of a device.
type FlowProfileApproval struct {
	Hash string `json:"hash" maxLength:"64" doc:"Of the list that was looked at"`
}
