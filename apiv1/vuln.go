package apiv1

import "time"

// Match is what one source says of one vulnerability for one configuration.
type Match struct {
	Vulnerability string `json:"vulnerability"`
	Record        string `json:"record" doc:"Key of the source record"`
	Truth         string `json:"truth" enum:"affected,not_affected,unknown"`
	Settles       string `json:"settles,omitempty" doc:"For unknown: the one fact that would settle it"`
	Proof         Proof  `json:"proof"`
}

// Proof is one step of the derivation of an answer and the steps it rests on.
type Proof struct {
	Rule     string   `json:"rule"`
	Truth    string   `json:"truth"`
	Says     string   `json:"says"`
	Record   string   `json:"record,omitempty" doc:"Source record, on the root"`
	Hash     string   `json:"hash,omitempty" doc:"SHA-256 of the source record's bytes, on the root"`
	Place    string   `json:"place,omitempty" doc:"Where in the record"`
	Facts    []string `json:"facts,omitempty"`
	Missing  string   `json:"missing,omitempty"`
	Children []Proof  `json:"children,omitempty"`
}

// Feed is a source of published weaknesses and its schedule.
type Feed struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	FeedInput
	State FeedState `json:"state"`
}

// FeedInput is what can be said of a feed.
type FeedInput struct {
	Name         string `json:"name" maxLength:"100"`
	URL          string `json:"url" maxLength:"2000" doc:"https://…, or file:/path of a folder or file on the server"`
	EveryMinutes int    `json:"every_minutes,omitempty" minimum:"0" doc:"0: only by hand"`
	Enabled      bool   `json:"enabled,omitempty"`
}

// NewFeed is a feed to add.
type NewFeed struct {
	Kind string `json:"kind" enum:"csaf,csaf_provider,kev,epss,osv,cve,nvd"`
	FeedInput
}

// FeedState is how the last runs of a feed went.
type FeedState struct {
	Running   bool      `json:"running"`
	Started   time.Time `json:"started,omitzero"`
	Ended     time.Time `json:"ended,omitzero"`
	Succeeded time.Time `json:"succeeded,omitzero"`
	NextRun   time.Time `json:"next_run,omitzero"`
	Failures  int       `json:"failures" doc:"In a row"`
	Error     string    `json:"error,omitempty"`
	Records   int       `json:"records"`
	Fresh     int       `json:"fresh"`
	Faults    int       `json:"faults"`
}

// AdvisoryQuery chooses advisories and other records.
type AdvisoryQuery struct {
	Source string `query:"source" enum:"csaf,cve,nvd,osv"`
	Text   string `query:"q" maxLength:"300" doc:"In the id or the title"`
	Sort   string `query:"sort" enum:"modified,-modified,published,-published,key,-key" doc:"Absent: what changed last first"`
	Cursor
}

// AdvisoryItem is a record in a list.
type AdvisoryItem struct {
	Key       string    `json:"key" doc:"source/id"`
	Source    string    `json:"source"`
	ID        string    `json:"id"`
	Publisher string    `json:"publisher,omitempty"`
	Title     string    `json:"title,omitempty"`
	URL       string    `json:"url,omitempty"`
	Revision  string    `json:"revision,omitempty"`
	Withdrawn bool      `json:"withdrawn"`
	Published time.Time `json:"published,omitzero"`
	Modified  time.Time `json:"modified,omitzero"`
	Fetched   time.Time `json:"fetched,omitzero"`
	Hash      string    `json:"hash" doc:"SHA-256 of its bytes"`
}

// Advisory is a record with the vulnerabilities that it speaks of.
type Advisory struct {
	AdvisoryItem
	Feed            string `json:"feed,omitempty"`
	Status          string `json:"status,omitempty"`
	Vulnerabilities []Told `json:"vulnerabilities" nullable:"false"`
}

// Told is what a record says of one vulnerability.
type Told struct {
	Vulnerability string   `json:"vulnerability" doc:"The id under which it is kept"`
	Title         string   `json:"title,omitempty"`
	Description   string   `json:"description,omitempty"`
	CWEs          []string `json:"cwes,omitempty"`
	Scores        []Score  `json:"scores,omitempty"`
	Remedies      []Remedy `json:"remedies,omitempty"`
}

// VulnQuery chooses vulnerabilities of the fleet.
type VulnQuery struct {
	KEV   string `query:"kev" enum:"yes,no"`
	Class string `query:"class" enum:"controlled,uncontrolled"`
	Sort  string `query:"sort" enum:"risk,-risk,vulnerability,-vulnerability,affected,-affected,unknown,-unknown,uncontrolled,-uncontrolled" doc:"Absent: the worst first"`
	Cursor
}

// VulnItem sums up the lines of one vulnerability over the fleet.
type VulnItem struct {
	ID             string   `json:"id"`
	Title          string   `json:"title,omitempty"`
	Affected       int      `json:"affected" doc:"Devices"`
	Unknown        int      `json:"unknown" doc:"Devices"`
	Uncontrolled   int      `json:"uncontrolled" doc:"Devices"`
	KEV            bool     `json:"kev"`
	EPSS           *float64 `json:"epss,omitempty"`
	Harm           string   `json:"harm,omitempty" doc:"Of the worst line"`
	Exploitability string   `json:"exploitability,omitempty" doc:"Of the worst line"`
}

// Vulnerability is what all sources say of one vulnerability.
type Vulnerability struct {
	ID        string         `json:"id"`
	Aliases   []string       `json:"aliases" nullable:"false"`
	Title     string         `json:"title,omitempty"`
	Text      string         `json:"text,omitempty"`
	Published time.Time      `json:"published,omitzero"`
	Modified  time.Time      `json:"modified,omitzero"`
	FixKnown  time.Time      `json:"fix_known,omitzero" doc:"When a source first told of a fix"`
	CWEs      []string       `json:"cwes,omitempty"`
	Scores    []Score        `json:"scores" nullable:"false"`
	Ratings   []SourceRating `json:"ssvc,omitempty" doc:"SSVC decision points that sources assert"`
	Exploited []KnownExploit `json:"exploited" nullable:"false"`
	EPSS      *EPSS          `json:"epss,omitempty"`
	Remedies  []Remedy       `json:"remedies" nullable:"false"`
	Sources   []AdvisoryItem `json:"sources" nullable:"false"`
	Verdicts  []Verdict      `json:"verdicts" nullable:"false"`
	Decisions []VulnDecision `json:"decisions,omitempty"`
}

// VulnDecision names a decision about a vulnerability.
type VulnDecision struct {
	ID        string `json:"id"`
	Title     string `json:"title,omitempty"`
	Treatment string `json:"treatment"`
	State     string `json:"state"`
}

// Score is one assessment of severity.
type Score struct {
	Version  string  `json:"version,omitempty"`
	Vector   string  `json:"vector,omitempty"`
	Base     float64 `json:"base,omitempty" doc:"0 where the source gives only a vector"`
	Severity string  `json:"severity,omitempty"`
	By       string  `json:"by,omitempty"`
}

// SourceRating is an SSVC decision point value that a source asserts.
type SourceRating struct {
	Point string    `json:"point"`
	Value string    `json:"value"`
	By    string    `json:"by,omitempty"`
	At    time.Time `json:"at,omitzero"`
}

// KnownExploit is one assertion that a vulnerability is exploited.
type KnownExploit struct {
	By         string `json:"by"`
	Name       string `json:"name,omitempty"`
	Added      string `json:"added,omitempty" format:"date"`
	Due        string `json:"due,omitempty" format:"date"`
	Ransomware string `json:"ransomware,omitempty"`
	Action     string `json:"action,omitempty"`
}

// EPSS is the estimate of FIRST that a vulnerability is exploited in the next 30 days.
type EPSS struct {
	Score      float64 `json:"score"`
	Percentile float64 `json:"percentile"`
	Day        string  `json:"day,omitempty" format:"date"`
}

// Remedy is what a source says can be done.
type Remedy struct {
	Category string `json:"category"`
	Details  string `json:"details,omitempty"`
	URL      string `json:"url,omitempty"`
	Date     string `json:"date,omitempty" format:"date"`
}

// MatchQuery chooses matches.
type MatchQuery struct {
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

// FoundMatch is a match and how many devices and releases have the configuration that it is about.
type FoundMatch struct {
	Match
	Configuration string `json:"configuration"`
	Devices       int    `json:"devices"`
	Releases      int    `json:"releases"`
}

// VerdictInput is what an analyst says of a vulnerability in releases of a model.
type VerdictInput struct {
	Vulnerability string    `json:"vulnerability" maxLength:"200" doc:"Any of its ids"`
	Model         string    `json:"model" maxLength:"64" doc:"Model id"`
	Releases      []string  `json:"releases,omitempty" maxItems:"1000" doc:"Release ids; none and no versions: every release, now and future"`
	Versions      string    `json:"versions,omitempty" maxLength:"300" doc:"A version range as people write it"`
	Status        string    `json:"status" enum:"not_affected,affected,fixed,under_investigation"`
	Justification string    `json:"justification,omitempty" enum:"component_not_present,vulnerable_code_not_present,vulnerable_code_not_in_execute_path,vulnerable_code_cannot_be_controlled_by_adversary,inline_mitigations_already_exist"`
	Reason        string    `json:"reason,omitempty" maxLength:"10000"`
	Action        string    `json:"action,omitempty" maxLength:"10000" doc:"What to do when affected"`
	Expires       time.Time `json:"expires,omitzero"`
}

// Verdict is a recorded verdict.
type Verdict struct {
	ID string `json:"id"`
	VerdictInput
	Source      string    `json:"source" doc:"analyst, or the id of a VEX document"`
	Author      string    `json:"author"`
	At          time.Time `json:"at"`
	State       string    `json:"state" enum:"active,reopened,withdrawn,replaced"`
	StateReason string    `json:"state_reason,omitempty"`
}

// VerdictQuery chooses verdicts.
type VerdictQuery struct {
	Vulnerability string `query:"vulnerability" maxLength:"200"`
	Model         string `query:"model" maxLength:"64"`
	State         string `query:"state" enum:"active,reopened,withdrawn,replaced"`
	Cursor
}

// VEXImport is what importing a VEX document did.
type VEXImport struct {
	Document string       `json:"document"`
	Recorded []Made       `json:"recorded" nullable:"false" doc:"Verdicts"`
	Same     int          `json:"same" doc:"Statements that say what a verdict says already"`
	Unknown  []VEXUnknown `json:"unknown" nullable:"false" doc:"Statements that were not taken"`
}

// VEXUnknown is a statement of a VEX document that was not taken, and why.
type VEXUnknown struct {
	Vulnerability string `json:"vulnerability"`
	Product       string `json:"product"`
	Reason        string `json:"reason"`
}

// VEXQuery says which VEX document is wanted.
type VEXQuery struct {
	Format    string `query:"format" enum:"openvex,csaf" default:"openvex"`
	Publisher string `query:"publisher" maxLength:"200" doc:"Who issues it; absent: the model's manufacturer"`
	Namespace string `query:"namespace" maxLength:"500" format:"uri" doc:"A URI under the publisher's control; absent: made from its name"`
}
