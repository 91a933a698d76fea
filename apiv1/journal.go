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
	Flow      *EventFlow      `json:"flow,omitempty" doc:"How events flow through this process; absent where none do"`
}

// EventFlow is how events flow: the doors, the stream behind them, and the worker at its end.
type EventFlow struct {
	Senders      int       `json:"senders" doc:"Senders that the doors remember"`
	WaitingBytes int       `json:"waiting_bytes" doc:"Records in memory that are not in the stream yet"`
	StalledSince time.Time `json:"stalled_since,omitzero" doc:"Since when the stream takes nothing, so that senders wait"`
	Lost         int64     `json:"lost" doc:"Records lost before they were accepted, since the start; each is part of a blind interval"`
	Packs        uint64    `json:"packs" doc:"Packs of records in the stream"`
	StreamBytes  uint64    `json:"stream_bytes"`
	Oldest       time.Time `json:"oldest,omitzero" doc:"When the oldest record in the stream was accepted"`
	Records      int64     `json:"records" doc:"Records that the worker has worked on since the start"`
	Events       int64     `json:"events" doc:"Events of them that were new in the event log"`
	Held         int       `json:"held" doc:"Events that the worker has not acknowledged yet"`
	LagSeconds   float64   `json:"lag_seconds" doc:"Between accepting a record and working on it"`
	Failed       string    `json:"failed,omitempty" doc:"Why events wait in the stream now"`
}

// FollowerState is how far a follower of the journal is.
type FollowerState struct {
	Name   string `json:"name"`
	Behind int64  `json:"behind" doc:"Entries that it has not passed"`
}
