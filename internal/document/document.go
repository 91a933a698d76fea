package document

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"triward/internal/blob"
	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// ID names a document ("doc_…").
type ID string

// RevisionID names a revision ("rev_…").
type RevisionID string

// Content is where the content of a document comes from.
type Content string

// The closed list of contents.
const (
	Authored Content = "authored" // written here
	Uploaded Content = "uploaded" // a DOCX, PDF or XLSX file
	Linked   Content = "linked"   // of external origin: a standard, a guidance, a contract (ISO 13485 4.2.4 f)
)

// Contents lists every content.
func Contents() []Content { return []Content{Authored, Uploaded, Linked} }

// Limits of what people may say.
const (
	maxSource = 512 << 10 // bytes of a text with its front matter
	MaxReason = 4_000
	MaxText   = 20_000
	MaxName   = 300
	maxFile   = 50 << 20
	maxImage  = 5 << 20
)

// Document is a controlled document. Title to ReviewMonths are what the effective revision says, or the newest one while
// none was ever effective.
type Document struct {
	ID           ID
	Code         string // "SOP-14", immutable
	Content      Content
	Title        string
	Level        source.Level
	Parent       string // code, "" at the top
	OwnerRole    source.Function
	For          []source.Audience
	ReviewMonths int        // 0: no periodic review
	State        State      // of the effective revision; without one [Retired], or the state of the newest revision
	Effective    RevisionID // "" for none
	Working      RevisionID // the revision that is on its way, "" for none
	Newest       RevisionID
	ReviewDue    time.Time // of the periodic review, zero when none is planned
	WatchDue     time.Time // linked: when to look for a new edition
	Inspectable  bool      // an authority may ask for it (QMSR: 820.180(c) is gone)
	Retired      time.Time
	RetireReason string
	Successor    string // code
	Author       string // account
	At           time.Time
}

// Overdue reports whether the periodic review, or for a linked document the watch for a new edition, is late.
func (d Document) Overdue(now time.Time) bool {
	return d.Retired.IsZero() && (!d.ReviewDue.IsZero() && d.ReviewDue.Before(now) || !d.WatchDue.IsZero() && d.WatchDue.Before(now))
}

// File is an uploaded file; its bytes are in the blob store.
type File struct {
	Digest blob.Digest
	Name   string // with its ending: .docx, .xlsx or .pdf
	Size   int64  // bytes
	Text   string // what it says, for search
}

// External is what is known of a document of external origin.
type External struct {
	Edition   string
	Publisher string
	Address   string    // where it is published
	Watch     time.Time // date on which to look for a new edition
}

// Revision is one revision of a document.
type Revision struct {
	ID            RevisionID
	Document      ID
	Code          string
	Content       Content
	Number        int    // 1, 2, 3, …
	Label         string // "1.0", "2.0"; "2.1" for a minor one, "2.0-T1" for a temporary instruction
	State         State
	Version       int // of the text, counts saved edits
	Round         int // of the review, 0 before the first
	Title         string
	Source        string // front matter and text; see package source
	File          File   // uploaded only
	External      External
	ContentHash   string      // SHA-256 in hexadecimal, see [ContentHash]
	Rendition     blob.Digest // of the bytes that are displayed and signed; "" until frozen
	Token         string      // names its status page; cannot be guessed
	Reason        string      // why the revision was begun
	Change        string      // change request, "" for none
	Base          RevisionID  // the revision whose content it began with
	Planned       time.Time   // when it is to become effective, zero: as soon as it may
	TrainingDue   time.Time   // when the training gate opens by itself
	ReleasedEarly string      // the signed reason for going past the training gate
	Temporary     bool
	Expires       time.Time // temporary only
	Since, Until  time.Time // the last time it was in force; Until zero while it is
	Author        string    // account
	AuthorName    string
	At            time.Time
	Changed       time.Time // last edit
	Approved      time.Time
}

// Parsed is the text of a revision, taken apart.
func (r Revision) Parsed() (source.Document, error) {
	return source.Parse(r.Code+".md", []byte(r.Source))
}

// ContentHash is the SHA-256 of a content in hexadecimal: of the text; for an uploaded or linked document of the text, a
// zero byte, and the digest of the file or the edition, publisher and address, separated by zero bytes.
func ContentHash(c Content, text string, f File, e External) string {
	switch c {
	case Uploaded:
		text += "\x00" + string(f.Digest)
	case Linked:
		text += "\x00" + strings.Join([]string{e.Edition, e.Publisher, e.Address}, "\x00")
	}
	return HexSum([]byte(text))
}

func HexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Library changes documents. DB, Signer and Blobs are required.
type Library struct {
	DB     *store.DB
	Signer *signature.Signer
	Blobs  *blob.Store
	URL    string // where people reach the program, for the address of status pages: "https://triward.example"

	// TrainingReady counts who of those to be trained in a revision is; nil: nobody has to be.
	TrainingReady func(ctx context.Context, r store.Reader, rev RevisionID) (done, total int, err error)
	// MaySign refuses who may not sign, MayHold who may not be given a function, because training is missing; nil: everybody
	// may.
	MaySign func(ctx context.Context, r store.Reader, account string, m signature.Meaning) error
	MayHold func(ctx context.Context, r store.Reader, account string, f source.Function) error
}

// Text is the content of a revision as somebody saves it, and why (EU GMP Annex 11 of 2025, reason for every change).
type Text struct {
	Source   string
	File     File     // uploaded: what [Library.Upload] returned
	External External // linked
	Reason   string
}

// read checks a text and takes it apart.
func (t *Text) read(c Content) (source.Document, error) {
	t.Source = strings.ReplaceAll(t.Source, "\r\n", "\n")
	var l problem.List
	if len(t.Source) > maxSource {
		l.Add("source", "is longer than %d bytes", maxSource)
		return source.Document{}, l.Err("the text is not valid")
	}
	Need(&l, "reason", t.Reason, MaxReason)
	switch c {
	case Uploaded:
		if _, err := blob.ParseDigest(string(t.File.Digest)); err != nil {
			l.Add("file", "is required")
		}
	case Linked:
		Need(&l, "edition", t.External.Edition, MaxName)
		Need(&l, "publisher", t.External.Publisher, MaxName)
		Need(&l, "address", t.External.Address, MaxName)
		if t.External.Watch.IsZero() {
			l.Add("watch", "is required: say when to look for a new edition")
		}
	}
	if c != Uploaded {
		t.File = File{}
	}
	if c != Linked {
		t.External = External{}
	}
	d, err := source.Parse("document", []byte(t.Source))
	l.Merge("", err)
	return d, l.Err("the text is not valid")
}

// Need notes a fault when a text is missing or longer than limit bytes or not clean.
func Need(l *problem.List, path, s string, limit int) {
	if strings.TrimSpace(s) == "" {
		l.Add(path, "is required")
	}
	Clean(l, path, s, limit)
}

// Clean notes a fault when a text is longer than limit bytes or cannot be kept.
func Clean(l *problem.List, path, s string, limit int) {
	switch {
	case len(s) > limit:
		l.Add(path, "is longer than %d bytes", limit)
	case strings.ToValidUTF8(s, "") != s || strings.ContainsRune(s, 0):
		l.Add(path, "is not clean UTF-8 text")
	}
}

// Reasoned refuses an empty reason.
func Reasoned(reason string) error {
	var l problem.List
	Need(&l, "reason", reason, MaxReason)
	return l.Err("say why")
}
