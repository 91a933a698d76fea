package advisory

import "io"

// WalkCVEZip reads every CVE-*.json of a zip archive, as cvelistV5 releases are published.
func WalkCVEZip(r io.ReaderAt, size int64, fn func(Found) error) error {
	read := cveReader()
	return walkZip(r, size, func(name string, body []byte) ([]Record, error) {
		if !isCVEFile(name) {
			return nil, nil
		}
		return read(name, body)
	}, fn)
}

// WalkNVDZip reads every .json file of a zip archive.
func WalkNVDZip(r io.ReaderAt, size int64, fn func(Found) error) error {
	read := nvdReader()
	return walkZip(r, size, func(name string, body []byte) ([]Record, error) {
		if !isJSON(name) {
			return nil, nil
		}
		return read(name, body)
	}, fn)
}

// WalkOSVTar reads every .json file of a tar stream: plain, gzip or Zstandard.
func WalkOSVTar(r io.Reader, fn func(Found) error) error {
	return walkTar(r, isJSON, osvReader(), fn)
}
