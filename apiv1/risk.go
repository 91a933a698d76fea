package apiv1

import "time"

// LineQuery chooses lines of the ranked list. Empty fields do not restrict.
type LineQuery struct {
	LineFilter
	Sort string `query:"sort" enum:"risk,-risk,identified,-identified,vulnerability,-vulnerability" doc:"Absent: the worst first"`
	Cursor
}

// LineFilter is what a line must have.
type LineFilter struct {
	Class         string   `query:"class" enum:"controlled,uncontrolled"`
	Truth         string   `query:"truth" enum:"affected,unknown"`
	Harm          []string `query:"harm,explode" enum:"S1,S2,S3,S4,S5" maxItems:"5"`
	Site          string   `query:"site" maxLength:"64"`
	Ward          string   `query:"ward" maxLength:"300"`
	Model         string   `query:"model" maxLength:"64"`
	Device        string   `query:"device" maxLength:"64"`
	Vulnerability string   `query:"vulnerability" maxLength:"200" doc:"Any of its ids"`
	KEV           string   `query:"kev" enum:"yes,no"`
	Decided       string   `query:"decided" enum:"yes,no" doc:"Stands under an open decision"`
}

// Line is one device and one vulnerability of the ranked list, the worst first.
type Line struct {
	Device         string    `json:"device"`
	AssetTag       string    `json:"asset_tag,omitempty"`
	Serial         string    `json:"serial,omitempty"`
	ModelID        string    `json:"model_id,omitempty"`
	ModelName      string    `json:"model_name,omitempty"`
	Version        string    `json:"version,omitempty"`
	Site           string    `json:"site,omitempty"`
	SiteName       string    `json:"site_name,omitempty"`
	Ward           string    `json:"ward,omitempty"`
	InUse          string    `json:"in_use,omitempty"`
	Vulnerability  string    `json:"vulnerability"`
	Title          string    `json:"title,omitempty"`
	Truth          string    `json:"truth" enum:"affected,unknown"`
	Exploitability string    `json:"exploitability" enum:"E0,E1,E2,E3,E4"`
	Harm           string    `json:"harm" enum:"S1,S2,S3,S4,S5"`
	Class          string    `json:"class" enum:"controlled,uncontrolled"`
	KEV            bool      `json:"kev"`
	EPSS           *float64  `json:"epss,omitempty" doc:"0 to 1; absent where there is no row"`
	Decision       string    `json:"decision,omitempty"`
	Progress       string    `json:"progress,omitempty"`
	Identified     time.Time `json:"identified,omitzero"`
}

// Derivation is one step of how a class was derived.
type Derivation struct {
	Fact   string `json:"fact"`
	Effect string `json:"effect"`
	Source string `json:"source,omitempty"`
}

// Explanation is the derivation of one line from the facts of now.
type Explanation struct {
	Line
	ExploitabilityWord string       `json:"exploitability_word"`
	HarmWord           string       `json:"harm_word"`
	WhyExploitability  []Derivation `json:"why_exploitability" nullable:"false"`
	WhyHarm            []Derivation `json:"why_harm" nullable:"false"`
	WhyClass           Derivation   `json:"why_class"`
	Table              int          `json:"table" doc:"Version of the decision table"`
	Matches            []Match      `json:"matches" nullable:"false" doc:"What each source says, with its proof"`
}

// DecisionTable says which risks are acceptable as they stand. Rows S1 to S5, columns E0 to E4.
type DecisionTable struct {
	Version int        `json:"version"`
	Cells   [][]string `json:"cells" minItems:"5" maxItems:"5" nullable:"false" doc:"controlled, needs_control or uncontrolled"`
	Reason  string     `json:"reason,omitempty"`
	Author  string     `json:"author,omitempty"`
	At      time.Time  `json:"at,omitzero"`
}

// DecisionTableInput is a new version of the table.
type DecisionTableInput struct {
	Cells  [][]string `json:"cells" minItems:"5" maxItems:"5" nullable:"false" doc:"Rows S1 to S5, columns E0 to E4: controlled, needs_control or uncontrolled"`
	Reason string     `json:"reason" minLength:"1" maxLength:"4000"`
}

// DecisionInput is what is decided about vulnerabilities on a set of devices. Devices are named, or chosen by a filter of
// the ranked list; the filter takes those that are on it now.
type DecisionInput struct {
	Title           string         `json:"title,omitempty" maxLength:"4000"`
	Vulnerabilities []string       `json:"vulnerabilities" minItems:"1" maxItems:"1000" nullable:"false" doc:"Any of their ids"`
	Treatment       string         `json:"treatment" enum:"fix,mitigate,isolate,replace,retire,transfer,accept"`
	Owner           string         `json:"owner" maxLength:"4000" doc:"Who sees to it"`
	Due             string         `json:"due,omitempty" format:"date"`
	Reason          string         `json:"reason" maxLength:"4000"`
	Controls        string         `json:"controls,omitempty" maxLength:"4000" doc:"Compensating controls in place"`
	AcceptedBy      string         `json:"accepted_by,omitempty" maxLength:"4000"`
	AcceptedUntil   string         `json:"accepted_until,omitempty" format:"date"`
	Devices         []string       `json:"devices,omitempty" maxItems:"50000" doc:"Device ids"`
	Where           *DecisionWhere `json:"where,omitempty" doc:"Instead of devices: those with a line of these vulnerabilities"`
}

// DecisionWhere chooses devices by their lines. An empty one takes every device that is affected or may be.
type DecisionWhere struct {
	Site  string `json:"site,omitempty" maxLength:"64"`
	Ward  string `json:"ward,omitempty" maxLength:"300"`
	Model string `json:"model,omitempty" maxLength:"64"`
	Truth string `json:"truth,omitempty" enum:"affected,unknown"`
	Class string `json:"class,omitempty" enum:"controlled,uncontrolled"`
}

// DecisionPreview is what a decision would cover.
type DecisionPreview struct {
	Devices int            `json:"devices"`
	InUse   int            `json:"in_use"`
	Unknown int            `json:"in_use_unknown"`
	Lines   int            `json:"lines" doc:"Of the ranked list"`
	Decided int            `json:"decided" doc:"Lines that an open decision covers already; they follow the new one"`
	Sites   map[string]int `json:"sites" doc:"Devices per site"`
	First   []Line         `json:"first" nullable:"false" doc:"The worst lines, at most 50"`
}

// Decision is what was decided and how far it is.
type Decision struct {
	ID              string         `json:"id"`
	Title           string         `json:"title,omitempty"`
	Vulnerabilities []string       `json:"vulnerabilities" nullable:"false"`
	Treatment       string         `json:"treatment"`
	Owner           string         `json:"owner"`
	Due             string         `json:"due,omitempty"`
	Reason          string         `json:"reason"`
	Controls        string         `json:"controls,omitempty"`
	AcceptedBy      string         `json:"accepted_by,omitempty"`
	AcceptedUntil   string         `json:"accepted_until,omitempty"`
	State           string         `json:"state" enum:"open,reopened,closed"`
	StateReason     string         `json:"state_reason,omitempty"`
	Author          string         `json:"author"`
	At              time.Time      `json:"at"`
	Closed          time.Time      `json:"closed,omitzero"`
	Counts          map[string]int `json:"counts,omitempty" doc:"Devices per progress"`
}

// DecisionQuery chooses decisions.
type DecisionQuery struct {
	State   string `query:"state" enum:"open,reopened,closed"`
	Overdue string `query:"overdue" enum:"yes"`
	Sort    string `query:"sort" enum:"at,-at,title,-title,treatment,-treatment,state,-state,owner,-owner,due,-due" doc:"Absent: the newest first"`
	Cursor
}

// DecisionItem is one device under a decision.
type DecisionItem struct {
	Device    string    `json:"device"`
	AssetTag  string    `json:"asset_tag,omitempty"`
	ModelName string    `json:"model_name,omitempty"`
	Site      string    `json:"site,omitempty"`
	SiteName  string    `json:"site_name,omitempty"`
	Ward      string    `json:"ward,omitempty"`
	InUse     string    `json:"in_use,omitempty"`
	Progress  string    `json:"progress"`
	Note      string    `json:"note,omitempty"`
	Scheduled time.Time `json:"scheduled,omitzero"`
	Done      time.Time `json:"done,omitzero"`
	Verified  time.Time `json:"verified,omitzero"`
}

// ProgressInput moves devices of a decision to a step.
type ProgressInput struct {
	Devices  []string  `json:"devices" minItems:"1" maxItems:"50000" nullable:"false"`
	Progress string    `json:"progress" enum:"not_started,scheduled,done,verified,failed,excused"`
	Note     string    `json:"note,omitempty" maxLength:"2000"`
	At       time.Time `json:"at,omitzero" doc:"When it is planned or happened; absent: now"`
}

// BurnPoint is how many devices were open at the end of a day.
type BurnPoint struct {
	Day  string `json:"day" format:"date"`
	Open int    `json:"open"`
}

// Overview is the fleet at a glance.
type Overview struct {
	Devices             int         `json:"devices"`
	UncontrolledDevices int         `json:"uncontrolled_devices"`
	UnknownDevices      int         `json:"unknown_devices" doc:"No line is certain, at least one may be"`
	Affected            int         `json:"affected" doc:"Lines"`
	Unknown             int         `json:"unknown" doc:"Lines"`
	Uncontrolled        int         `json:"uncontrolled" doc:"Lines"`
	KEVDevices          int         `json:"kev_devices"`
	PatientsExposed     int         `json:"patients_exposed" doc:"Patients at once on devices with an uncontrolled risk that are in use or may be"`
	PatientsUnknown     int         `json:"patients_unknown" doc:"Of these, on devices whose use is not known"`
	OverdueDecisions    int         `json:"overdue_decisions"`
	OverdueDevices      int         `json:"overdue_devices"`
	Reopened            int         `json:"reopened"`
	Sites               []SiteRisk  `json:"sites" nullable:"false"`
	Models              []ModelRisk `json:"models" nullable:"false"`
	Trend               []TrendDay  `json:"trend" nullable:"false"`
}

// SiteRisk sums up one ward of a site.
type SiteRisk struct {
	Site         string `json:"site,omitempty"`
	SiteName     string `json:"site_name,omitempty"`
	Ward         string `json:"ward,omitempty"`
	Devices      int    `json:"devices"`
	Uncontrolled int    `json:"uncontrolled" doc:"Devices with an uncontrolled risk"`
	Patients     int    `json:"patients"`
}

// ModelRisk sums up one model.
type ModelRisk struct {
	Model        string `json:"model_id,omitempty"`
	ModelName    string `json:"model_name,omitempty"`
	Devices      int    `json:"devices"`
	Uncontrolled int    `json:"uncontrolled"`
}

// TrendDay is one day of the trend.
type TrendDay struct {
	Day                 string `json:"day" format:"date"`
	Devices             int    `json:"devices"`
	Uncontrolled        int    `json:"uncontrolled"`
	UncontrolledDevices int    `json:"uncontrolled_devices"`
	Unknown             int    `json:"unknown"`
	KEV                 int    `json:"kev"`
	Overdue             int    `json:"overdue"`
}

// MetricsQuery is the period of the metrics.
type MetricsQuery struct {
	From string `query:"from" format:"date" doc:"First day; absent: a year before the end"`
	To   string `query:"to" format:"date" doc:"Last day; absent: today"`
}

// Metrics are the three measures that FDA asks for (premarket guidance 2025, V.A.6). Means are over what is known; what is
// not known is counted.
type Metrics struct {
	From               string  `json:"from" format:"date"`
	To                 string  `json:"to" format:"date"`
	Vulnerabilities    int     `json:"vulnerabilities" doc:"Identified in the period"`
	Updated            int     `json:"updated" doc:"Of these, with a fix available"`
	UpdatedShare       float64 `json:"updated_share" doc:"0 to 1"`
	ToFixDays          float64 `json:"to_fix_days" doc:"Mean days from identification to a fix being available"`
	ToFixOf            int     `json:"to_fix_of" doc:"Vulnerabilities that the mean is over"`
	ToFixUnknown       int     `json:"to_fix_unknown"`
	ToInstalledDays    float64 `json:"to_installed_days" doc:"Mean days from a fix being available to its installation"`
	ToInstalledOf      int     `json:"to_installed_of" doc:"Devices and vulnerabilities that the mean is over"`
	ToInstalledUnknown int     `json:"to_installed_unknown"`
}

// PastLine is a device that counted for a figure of the trend, with the vulnerability or the decision for which it did.
type PastLine struct {
	Device         string    `json:"device"`
	AssetTag       string    `json:"asset_tag,omitempty"`
	ModelName      string    `json:"model_name,omitempty"`
	Vulnerability  string    `json:"vulnerability,omitempty" doc:"Of uncontrolled, unknown and kev"`
	Decision       string    `json:"decision,omitempty" doc:"Of overdue"`
	Exploitability string    `json:"exploitability,omitempty" enum:"E0,E1,E2,E3,E4" doc:"When it began, with a vulnerability"`
	Harm           string    `json:"harm,omitempty" enum:"S1,S2,S3,S4,S5" doc:"When it began, with a vulnerability"`
	Since          time.Time `json:"since"`
	Until          time.Time `json:"until,omitzero" doc:"Absent: it still counts"`
}

// PastQuery chooses a page of the rows behind a figure.
type PastQuery struct {
	Figure string `query:"figure" enum:"uncontrolled,unknown,kev,overdue,devices" doc:"Absent: uncontrolled"`
	Sort   string `query:"sort" enum:"since,-since,device,-device" doc:"Absent: what began last first"`
	Cursor
}
