package advisory

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"

	"triward/internal/advisory/jsontree"
)

// WalkCSAF reads every CSAF document of a folder tree, as a provider's directory is laid out, and calls fn with each, also
// with the error of one that cannot be read; none is left out in silence. What a provider publishes beside its documents
// is passed over: provider metadata, aggregator, index, ROLIE feeds, service and category documents. An error of fn ends
// the walk and is returned.
func WalkCSAF(fsys fs.FS, fn func(Found) error) error {
	return walkFS(fsys, isCSAFFile, readCSAF, skipBeside(fn))
}

// WalkCSAFTar is [WalkCSAF] over a tar stream: plain, gzip or Zstandard.
func WalkCSAFTar(r io.Reader, fn func(Found) error) error {
	return walkTar(r, isCSAFFile, readCSAF, skipBeside(fn))
}

// WalkCSAFZip is [WalkCSAF] over a zip archive.
func WalkCSAFZip(r io.ReaderAt, size int64, fn func(Found) error) error {
	return walkZip(r, size, func(name string, body []byte) ([]Record, error) {
		if !isCSAFFile(name) {
			return nil, nil
		}
		return readCSAF(name, body)
	}, skipBeside(fn))
}

var errBeside = errors.New("published beside the documents")

func readCSAF(name string, body []byte) ([]Record, error) {
	rec, err := ParseCSAF(name, body)
	if err != nil && metadataDocument(body) {
		return nil, errBeside
	}
	return []Record{rec}, err
}

func skipBeside(fn func(Found) error) func(Found) error {
	return func(f Found) error {
		if errors.Is(f.Err, errBeside) {
			return nil
		}
		return fn(f)
	}
}

// isCSAFFile leaves out the fixed names of CSAF 2.0 section 7.1 that are not documents, and what archive programs add.
func isCSAFFile(name string) bool {
	base := strings.ToLower(path.Base(name))
	if !isJSON(base) || strings.HasPrefix(base, "._") || strings.Contains(name, "__MACOSX/") {
		return false
	}
	switch base {
	case "provider-metadata.json", "aggregator.json", "index.json", "changes.json", "service.json":
		return false
	}
	return !strings.HasPrefix(base, "csaf-feed-") && !strings.HasPrefix(base, "category-")
}

// metadataDocument tells a ROLIE feed, service or category document, provider metadata and an aggregator by their
// members: feeds may have any name (CSAF 2.0 7.1.15).
func metadataDocument(body []byte) bool {
	root, err := jsontree.Parse(body)
	if err != nil || root.Get("document") != nil {
		return false
	}
	return root.At("feed", "entry") != nil || root.At("service", "workspace") != nil || root.At("categories", "category") != nil ||
		root.Get("metadata_version") != nil && root.Get("canonical_url") != nil || root.Get("aggregator_version") != nil
}
