package apiv1

import "time"

// CaptureLines are what to capture of a device, a line each.
type CaptureLines struct {
	First []string `json:"first" maxItems:"50" nullable:"false" doc:"What is lost without power, or soon"`
	Then  []string `json:"then,omitempty" maxItems:"50"`
	Never []string `json:"never,omitempty" maxItems:"50"`
}

// CaptureInput writes the guide of a house for a model.
type CaptureInput struct {
	CaptureLines
	Alone   bool   `json:"alone,omitempty" doc:"It stands in the place of the guides of its class of device, not beside them"`
	Version int    `json:"version,omitempty" minimum:"0" doc:"That is there, as it was read; 0: none"`
	Reason  string `json:"reason,omitempty" maxLength:"500" doc:"Why it changes"`
}

// CaptureOfModel is the guide of a house for a model as it stands.
type CaptureOfModel struct {
	CaptureInput
	By   string    `json:"by"`
	Made time.Time `json:"made,omitzero"`
}

// CaptureGuide is a guide that holds for a device.
type CaptureGuide struct {
	ID    string `json:"id" doc:"any: for every device; house: of this house for the model"`
	Title string `json:"title"`
	CaptureLines
}

// CaptureAdvice is what to capture of a device before it loses power, in the order in which it is read.
type CaptureAdvice struct {
	Model   string         `json:"model" doc:"Empty: not known"`
	General bool           `json:"general" doc:"No guide fits the device but the one for every device"`
	Guides  []CaptureGuide `json:"guides" nullable:"false"`
}
