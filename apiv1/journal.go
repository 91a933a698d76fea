package apiv1

import (
	"encoding/json"
	"time"
)

// JournalQuery chooses entries, the newest first.
type JournalQuery struct {
	Kind    []string `query:"kind,explode" maxItems:"50"`
	Subject string   `query:"subject" maxLength:"200"`
	Cursor
}

// Entry is an event in the journal.
type Entry struct {
	Seq       int64           `json:"seq" doc:"1, 2, 3, … without gaps"`
	At        time.Time       `json:"at"`
	Actor     string          `json:"actor"`
	ActorName string          `json:"actor_name"`
	Kind      string          `json:"kind"`
	Subject   string          `json:"subject"`
	Site      string          `json:"site,omitempty"`
	Product   string          `json:"product,omitempty"`
	Body      json.RawMessage `json:"body,omitempty" doc:"Absent when it was erased by law"`
	Hash      string          `json:"hash" doc:"SHA-256 in hexadecimal"`
}

// ProvedEntry is an entry with the proof that it is in the journal.
type ProvedEntry struct {
	Entry
	Proof json.RawMessage `json:"proof" doc:"Format triward-journal-proof/1; triward journal verify-proof checks it offline"`
}

// Checkpoint is a signed note (C2SP) over the whole journal.
type Checkpoint struct {
	Note     string `json:"note"`
	Verifier string `json:"verifier" doc:"The public key; compare it with one that came by another way"`
}

// ConsistencyQuery names an earlier checkpoint.
type ConsistencyQuery struct {
	From uint64 `query:"from" required:"true" doc:"Size of the earlier checkpoint"`
}

// Health says whether the program works.
type Health struct {
	Status  string `json:"status" enum:"ok"`
	Version string `json:"version"`
}

// SystemQuery may wait.
type SystemQuery struct {
	Wait bool `query:"wait" doc:"Wait, at most 20 seconds, until the followers have passed what stands in the journal"`
}

// System says how the program is doing.
type System struct {
	Version   string          `json:"version"`
	Database  string          `json:"database" enum:"sqlite,postgres"`
	Entries   int64           `json:"journal_entries"`
	Followers []FollowerState `json:"followers" nullable:"false"`
}

// FollowerState is how far a follower of the journal is.
type FollowerState struct {
	Name   string `json:"name"`
	Behind int64  `json:"behind" doc:"Entries that it has not passed"`
}
