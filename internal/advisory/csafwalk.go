package advisory

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"triward/internal/problem"
)

// WalkCSAF reads every CSAF document of a file tree (a folder, or a zip.Reader) in the order of the names and gives it to
// fn, with the error where one cannot be read; none is left out in silence. What a provider publishes beside its
// documents is passed over: provider metadata, aggregator, index, ROLIE feeds, service and category documents. An error
// of fn ends the walk and is returned.
func WalkCSAF(fsys fs.FS, fn func(name string, rec Record, err error) error) error {
	return fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fn(name, Record{}, fmt.Errorf("read CSAF %q: %w", name, err))
		case d.IsDir() && d.Name() == "__MACOSX":
			return fs.SkipDir
		case d.IsDir() || !strings.EqualFold(path.Ext(name), ".json") || strings.HasPrefix(d.Name(), "._") || besideCSAF(d.Name()):
			return nil
		}
		body, err := readLimited(fsys, name)
		if err != nil {
			return fn(name, Record{}, fmt.Errorf("read CSAF %q: %w", name, err))
		}
		rec, err := ParseCSAF(name, body)
		if err != nil && metadataDocument(body) {
			return nil
		}
		return fn(name, rec, err)
	})
}

// besideCSAF knows the fixed names of CSAF 2.0 section 7.1 that are not documents.
func besideCSAF(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "provider-metadata.json", "aggregator.json", "index.json", "changes.json", "service.json":
		return true
	}
	return strings.HasPrefix(name, "csaf-feed-") || strings.HasPrefix(name, "category-")
}

// metadataDocument tells a ROLIE feed, service or category document, provider metadata and an aggregator by their
// members: feeds may have any name (CSAF 2.0 7.1.15).
func metadataDocument(body []byte) bool {
	root, err := parseJSON(body)
	if err != nil || root.get("document") != nil {
		return false
	}
	return root.at("feed", "entry") != nil || root.at("service", "workspace") != nil || root.at("categories", "category") != nil ||
		root.get("metadata_version") != nil && root.get("canonical_url") != nil || root.get("aggregator_version") != nil
}

func readLimited(fsys fs.FS, name string) (body []byte, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	body, err = io.ReadAll(io.LimitReader(f, csafMaxBytes+1))
	if err == nil && len(body) > csafMaxBytes {
		return nil, problem.New(problem.Invalid, "document is larger than %d MB", csafMaxBytes>>20)
	}
	return body, err
}
