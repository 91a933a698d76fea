package qualification

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"

	"triward/internal/assurance/validation"
	"triward/internal/content"
	"triward/internal/document"
	"triward/internal/document/kit"
	"triward/internal/document/press"
	"triward/internal/ledger"
	"triward/internal/people"
	"triward/internal/store"
	"triward/internal/vuln"
)

// Installation is what is qualified.
type Installation struct {
	Press     press.Press // its library has database, files and signer
	Ledger    ledger.Ledger
	Version   string                 // of the program
	Settings  func() (string, error) // effective configuration, a line "key = value" each, without passwords
	KeyFiles  []string               // files that nobody else may read
	Encrypted bool                   // people reach the pages by TLS, or from this machine alone
	Followers []store.Follower
}

func (i Installation) db() *store.DB { return i.Press.DB }

// acting is the program itself; its rights are those of the checks.
func acting(ctx context.Context) context.Context {
	return store.WithActor(ctx, store.System("qualification"))
}

// Parts are what the installation consists of now.
func (i Installation) Parts(ctx context.Context) ([]validation.Part, error) {
	ctx = acting(ctx)
	parts, err := i.program()
	if err != nil {
		return nil, err
	}
	add := func(area, name, value string) {
		parts = append(parts, validation.Part{Area: area, Name: name, Value: value})
	}
	versions, err := content.Versions()
	if err != nil {
		return nil, err
	}
	for _, v := range versions {
		add("content", v.Name, fmt.Sprintf("%d files, SHA-256 %s", v.Files, v.SHA256))
	}
	settings, err := i.Settings()
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(settings) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), " = "); ok {
			add("configuration", key, value)
		}
	}
	add("machine", "system", runtime.GOOS+"/"+runtime.GOARCH)
	add("machine", "browser for printing", cmp.Or(i.Press.Printer.Chromium, "none: plain PDF files"))
	add("keys", "journal and signatures", i.Ledger.Key.Verifier())
	for n, a := range i.Press.Signer.Keys().Authorities {
		add("keys", "time stamps "+strconv.Itoa(n+1), "certificate, SHA-256 "+sumOf([]byte(a)))
	}
	err = i.db().View(ctx, func(r store.Reader) error {
		more, err := recorded(ctx, r)
		parts = append(parts, more...)
		return err
	})
	return parts, err
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// program is what was delivered.
func (i Installation) program() ([]validation.Part, error) {
	parts := []validation.Part{{Area: "program", Name: "version", Value: i.Version}, {Area: "rules", Name: "matching", Value: fmt.Sprint(vuln.RulesVersion)}}
	if b, ok := debug.ReadBuildInfo(); ok {
		parts = append(parts, validation.Part{Area: "program", Name: "Go", Value: b.GoVersion})
		for _, s := range b.Settings {
			if s.Key == "vcs.revision" || s.Key == "vcs.modified" {
				parts = append(parts, validation.Part{Area: "program", Name: s.Key, Value: s.Value})
			}
		}
		h := sha256.New()
		for _, d := range b.Deps {
			fmt.Fprintln(h, d.Path, d.Version, d.Sum)
		}
		parts = append(parts, validation.Part{Area: "program", Name: "modules", Value: fmt.Sprintf("%d, SHA-256 %x", len(b.Deps), h.Sum(nil))})
	}
	sum, err := executable()
	if err != nil {
		return nil, fmt.Errorf("read the program: %w", err)
	}
	return append(parts, validation.Part{Area: "program", Name: "file", Value: "SHA-256 " + sum}), nil
}

// executable is the SHA-256 of the file that runs; it is read once.
var executable = sync.OnceValues(func() (string, error) {
	name, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
})

// recorded is what the database says of how the installation is set up.
func recorded(ctx context.Context, r store.Reader) ([]validation.Part, error) {
	var parts []validation.Part
	add := func(area, name, value string) {
		parts = append(parts, validation.Part{Area: area, Name: name, Value: value})
	}
	steps, err := store.Migrations(ctx, r)
	if err != nil {
		return nil, err
	}
	for _, m := range steps {
		if !m.At.IsZero() {
			add("schema", m.Name, "SHA-256 "+m.SHA256)
		}
	}
	manuals, err := kit.Manuals(ctx, r)
	if err != nil {
		return nil, err
	}
	for _, m := range manuals {
		add("manuals", m.Code, strings.TrimSpace(strings.ReplaceAll(string(m.State), "_", " ")+" "+m.Label))
	}
	set, err := document.SettingsOf(ctx, r)
	if err != nil {
		return nil, err
	}
	add("configuration", "authorship of documents", string(set.Authorship))
	add("configuration", "days of temporary instructions", strconv.Itoa(set.TemporaryDays))
	roles, err := people.Roles(ctx, r)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(roles, func(a, b people.Role) int { return cmp.Compare(a.ID, b.ID) })
	for _, o := range roles {
		text, err := json.Marshal(o.Kinds)
		if err != nil {
			return nil, err
		}
		add("roles", o.Name, fmt.Sprintf("%d rights, SHA-256 %s", len(o.Kinds), sumOf(text)))
	}
	return parts, nil
}
