package ingest

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"
	"time"

	"triward/internal/problem"
)

// lister collects the items of one listing.
type lister struct {
	p     *Provider
	since time.Time
	seen  map[string]bool
	feeds int
	out   Listing
}

func (l *lister) fault(place string, err error) {
	if len(l.out.Faults) < 100 {
		l.out.Faults = append(l.out.Faults, problem.Fault{Path: place, Reason: err.Error()})
	}
}

// document tells from the content what the operator's URL leads to.
func (l *lister) document(ctx context.Context, at *url.URL, body []byte) error {
	var rolie rolieDocument
	if err := json.Unmarshal(body, &rolie); err != nil {
		return problem.New(problem.Invalid, "is not JSON of a CSAF provider: %v", err)
	}
	switch {
	case rolie.Feed != nil:
		l.entries(at, rolie)
		return nil
	case rolie.Service != nil:
		return l.service(ctx, at, rolie)
	}
	var m providerMetadata
	if err := json.Unmarshal(body, &m); err != nil || len(body) > maxMetadata {
		return problem.New(problem.Invalid, "is not CSAF provider metadata")
	}
	if m.Publisher.Name == "" && len(m.Distributions) == 0 {
		return problem.New(problem.Invalid, "is neither provider metadata nor a ROLIE document")
	}
	l.out.Publisher = m.Publisher.Name
	for _, k := range m.Keys {
		if err := l.key(ctx, at, k.URL, k.Fingerprint); err != nil {
			l.fault(k.URL, err)
		}
	}
	var feeds, directories []string
	for _, d := range m.Distributions {
		for _, f := range d.ROLIE.Feeds {
			feeds = append(feeds, f.URL)
		}
		if d.DirectoryURL != "" {
			directories = append(directories, d.DirectoryURL)
		}
	}
	if len(feeds)+len(directories) == 0 {
		return problem.New(problem.Invalid, "metadata names no distribution")
	}
	var failed error
	read := 0
	try := func(address string, fn func(context.Context, *url.URL, string) error) {
		if err := fn(ctx, at, address); err != nil {
			l.fault(address, err)
			failed = err
			return
		}
		read++
	}
	for _, address := range feeds {
		try(address, l.feed)
	}
	if read == 0 || failed != nil { // else the directories only repeat what the feeds hold
		for _, address := range directories {
			try(address, l.directory)
		}
	}
	if read == 0 {
		return failed
	}
	return ctx.Err()
}

// feed reads a ROLIE feed that a document at base names.
func (l *lister) feed(ctx context.Context, base *url.URL, address string) error {
	u, err := base.Parse(address)
	if err != nil {
		return problem.New(problem.Invalid, "%q is not an address", address)
	}
	if l.feeds++; l.feeds > maxFeeds {
		return problem.New(problem.Invalid, "names more than %d feeds", maxFeeds)
	}
	body, err := l.p.read(ctx, u.String(), maxFeed)
	if err != nil {
		return err
	}
	var rolie rolieDocument
	if err := json.Unmarshal(body, &rolie); err != nil || rolie.Feed == nil {
		return problem.New(problem.Invalid, "is not a ROLIE feed")
	}
	l.entries(u, rolie)
	return nil
}

// service reads the feeds of a ROLIE service document.
func (l *lister) service(ctx context.Context, at *url.URL, doc rolieDocument) error {
	for _, w := range doc.Service.Workspace {
		for _, c := range w.Collection {
			if err := l.feed(ctx, at, c.HRef); err != nil {
				l.fault(c.HRef, err)
			}
		}
	}
	return ctx.Err()
}

// entries adds the documents of a ROLIE feed.
func (l *lister) entries(at *url.URL, doc rolieDocument) {
	if l.out.Publisher == "" {
		l.out.Publisher = doc.Feed.Title
	}
	for i, e := range doc.Feed.Entry {
		item := Item{URL: e.Content.Source}
		for _, link := range e.Link {
			switch path := strings.ToLower(link.HRef); {
			case link.Rel == "self" && item.URL == "":
				item.URL = link.HRef
			case link.Rel == "hash" && strings.HasSuffix(path, ".sha256"):
				item.SHA256URL = link.HRef
			case link.Rel == "hash" && strings.HasSuffix(path, ".sha512"):
				item.SHA512URL = link.HRef
			case link.Rel == "signature":
				item.SignatureURL = link.HRef
			}
		}
		item.Updated, _ = time.Parse(time.RFC3339, e.Updated) // without a readable date an item counts as changed
		if err := l.add(at, item); err != nil {
			l.fault(fmt.Sprintf("%s entry %d", at, i), err)
		}
	}
}

// add completes an item and keeps it when it is new and changed.
func (l *lister) add(base *url.URL, item Item) error {
	if len(l.seen) >= maxEntries {
		return problem.New(problem.Invalid, "offers more than %d documents", maxEntries)
	}
	u, err := base.Parse(item.URL)
	if err != nil || item.URL == "" {
		return problem.New(problem.Invalid, "has no address of a document")
	}
	if err := checkURL(u); err != nil {
		return err
	}
	item.URL = u.String()
	if l.seen[item.URL] {
		return nil
	}
	l.seen[item.URL] = true
	if !item.Updated.IsZero() && !item.Updated.After(l.since) {
		return nil
	}
	for _, side := range [...]struct {
		address *string
		suffix  string
	}{{&item.SHA256URL, ".sha256"}, {&item.SHA512URL, ".sha512"}, {&item.SignatureURL, ".asc"}} {
		if *side.address == "" { // the names that CSAF 2.0 7.1.18 to 7.1.20 set
			*side.address = item.URL + side.suffix
		} else if v, err := base.Parse(*side.address); err == nil {
			*side.address = v.String()
		}
	}
	l.out.Items = append(l.out.Items, item)
	return nil
}

// directory reads a directory distribution: changes.csv tells names and dates, index.txt names (CSAF 2.0 7.1.12, 7.1.13).
// Either may be missing, not both.
func (l *lister) directory(ctx context.Context, base *url.URL, address string) error {
	u, err := base.Parse(strings.TrimSuffix(address, "/") + "/")
	if err != nil {
		return problem.New(problem.Invalid, "%q is not an address", address)
	}
	changes, errChanges := l.p.read(ctx, u.JoinPath("changes.csv").String(), maxFeed)
	index, errIndex := l.p.read(ctx, u.JoinPath("index.txt").String(), maxFeed)
	if errChanges != nil && errIndex != nil {
		return errors.Join(errChanges, errIndex)
	}
	r := csv.NewReader(strings.NewReader(string(changes)))
	r.FieldsPerRecord = 2
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil { // the error tells the line; index.txt may still tell the names
			l.fault(u.String()+"changes.csv", err)
			break
		}
		line, _ := r.FieldPos(0)
		place := fmt.Sprintf("%schanges.csv line %d", u, line)
		updated, err := time.Parse(time.RFC3339, strings.TrimSpace(row[1]))
		if err != nil {
			if line > 1 { // the first may be a heading
				l.fault(place, problem.New(problem.Invalid, "%q is not a date", row[1]))
			}
			continue
		}
		l.below(u, place, row[0], updated)
	}
	n := 0
	for line := range strings.Lines(string(index)) {
		n++
		if name := strings.TrimSpace(line); name != "" {
			l.below(u, fmt.Sprintf("%sindex.txt line %d", u, n), name, time.Time{})
		}
	}
	return nil
}

// below adds a document of a directory. Its name must stay inside the directory.
func (l *lister) below(dir *url.URL, place, name string, updated time.Time) {
	name = strings.TrimSpace(name)
	if strings.ContainsAny(name, "\\%?#") || path.IsAbs(name) || path.Clean(name) != name || strings.HasPrefix(name, "..") || !strings.HasSuffix(name, ".json") {
		l.fault(place, problem.New(problem.Invalid, "%q is not the name of a document in the directory", name))
		return
	}
	if err := l.add(dir, Item{URL: dir.JoinPath(name).String(), Updated: updated}); err != nil {
		l.fault(place, err)
	}
}
