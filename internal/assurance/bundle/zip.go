package bundle

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"

	"triward/internal/problem"
)

// Limits of an archive. Sizes stay below what ZIP64 would be needed for.
const (
	maxArchive = 1 << 30
	maxFile    = 256 << 20
	maxEntries = 50_000
	maxName    = 300
)

// Signatures and sizes of the three structures of the form (APPNOTE 4.3.7, 4.3.12, 4.3.16).
const (
	localMark, centralMark, endMark = 0x04034b50, 0x02014b50, 0x06054b50
	localSize, centralSize, endSize = 30, 46, 22
	version                         = 10     // 1.0: stored entries only
	fixedDate                       = 0x0021 // 1980-01-01, midnight
)

// entry is a file of the archive.
type entry struct {
	name string
	body []byte
	at   int // offset of its local header
}

func (e entry) local() []byte {
	b := make([]byte, 0, localSize+len(e.name))
	b = binary.LittleEndian.AppendUint32(b, localMark)
	b = e.shared(b)
	return append(b, e.name...)
}

// shared are the fields that both headers have, from "version needed" to "extra field length".
func (e entry) shared(b []byte) []byte {
	for _, v := range []uint16{version, 0, 0, 0, fixedDate} {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	for _, v := range []uint32{crc32.ChecksumIEEE(e.body), uint32(len(e.body)), uint32(len(e.body))} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	b = binary.LittleEndian.AppendUint16(b, uint16(len(e.name)))
	return binary.LittleEndian.AppendUint16(b, 0)
}

func (e entry) central() []byte {
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, centralSize+len(e.name)), centralMark)
	b = binary.LittleEndian.AppendUint16(b, version)
	b = e.shared(b)
	b = append(b, make([]byte, 10)...) // no comment, first disk, no attributes
	b = binary.LittleEndian.AppendUint32(b, uint32(e.at))
	return append(b, e.name...)
}

func end(entries, size, at int) []byte {
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, endSize), endMark)
	for _, v := range []uint16{0, 0, uint16(entries), uint16(entries)} {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(size))
	b = binary.LittleEndian.AppendUint32(b, uint32(at))
	return binary.LittleEndian.AppendUint16(b, 0)
}

// pack writes entries, which are sorted, as an archive.
func pack(entries []entry) ([]byte, error) {
	size := endSize
	for _, e := range entries {
		size += localSize + centralSize + 2*len(e.name) + len(e.body)
	}
	if len(entries) > maxEntries || size > maxArchive {
		return nil, problem.New(problem.Invalid, "a bundle has at most %d files and %d MiB; this one has %d and %d", maxEntries, maxArchive>>20, len(entries), size>>20)
	}
	out := make([]byte, 0, size)
	for i := range entries {
		entries[i].at = len(out)
		out = append(append(out, entries[i].local()...), entries[i].body...)
	}
	return append(out, directory(entries, len(out))...), nil
}

// directory is what follows the last file: the central directory and its end.
func directory(entries []entry, at int) []byte {
	var b []byte
	for _, e := range entries {
		b = append(b, e.central()...)
	}
	return append(b, end(len(entries), len(b), at)...)
}

// unpack reads an archive of the canonical form. What is not of that form is a fault that names its place; files before a
// fault in the structure are still returned.
func unpack(b []byte) ([]entry, []Fault) {
	if len(b) > maxArchive {
		return nil, []Fault{{Archive, fmt.Sprintf("it is larger than %d MiB", maxArchive>>20)}}
	}
	var entries []entry
	var faults []Fault
	at := 0
	for len(b)-at >= 4 && binary.LittleEndian.Uint32(b[at:]) == localMark {
		e, fault := readLocal(b, at)
		if fault != "" {
			return entries, append(faults, Fault{headerOf(e.name, len(entries)), fault})
		}
		next := at + localSize + len(e.name) + len(e.body)
		if i := differs(b[at:at+localSize+len(e.name)], e.local()); i >= 0 {
			faults = append(faults, Fault{headerOf(e.name, len(entries)), fmt.Sprintf("byte %d is not what its content and the form ask for", at+i)})
		}
		if len(entries) > 0 && entries[len(entries)-1].name >= e.name {
			faults = append(faults, Fault{e.name, "it stands twice or out of order"})
		}
		entries, at = append(entries, e), next
		if len(entries) > maxEntries {
			return entries, append(faults, Fault{Archive, fmt.Sprintf("it has more than %d files", maxEntries)})
		}
	}
	return entries, append(faults, checkDirectory(entries, b[at:], at)...)
}

// readLocal reads the entry whose local header is at an offset. The name is returned as far as it could be read.
func readLocal(b []byte, at int) (entry, string) {
	e := entry{at: at}
	if len(b)-at < localSize {
		return e, "the archive ends in it"
	}
	size, name := int64(binary.LittleEndian.Uint32(b[at+22:])), int(binary.LittleEndian.Uint16(b[at+26:]))
	if name == 0 || name > maxName || len(b)-at-localSize < name {
		return e, fmt.Sprintf("the name would have %d bytes", name)
	}
	e.name = string(b[at+localSize : at+localSize+name])
	if !goodName(e.name) {
		e.name = ""
		return e, "the name has characters that no file of a bundle has"
	}
	from := at + localSize + name
	if size > maxFile || int64(len(b)-from) < size {
		return e, fmt.Sprintf("the content would have %d bytes", size)
	}
	e.body = b[from : from+int(size)]
	return e, ""
}

func headerOf(name string, n int) string {
	if name == "" {
		return fmt.Sprintf("header of file number %d of the archive", n+1)
	}
	return "header of " + name
}

// checkDirectory compares what follows the files with the directory that the files ask for.
func checkDirectory(entries []entry, got []byte, at int) []Fault {
	want := directory(entries, at)
	i := differs(got, want)
	if i < 0 {
		return nil
	}
	if len(got) != len(want) && (len(got) < 4 || binary.LittleEndian.Uint32(got) != centralMark) {
		return []Fault{{headerOf("", len(entries)), fmt.Sprintf("byte %d does not begin a file", at)}}
	}
	where, pos := "end of the archive", 0
	for _, e := range entries {
		if pos += centralSize + len(e.name); i < pos {
			where = "directory entry of " + e.name
			break
		}
	}
	if len(got) != len(want) && i == min(len(got), len(want)) {
		return []Fault{{where, fmt.Sprintf("the archive has %d bytes, its files ask for %d", at+len(got), at+len(want))}}
	}
	return []Fault{{where, fmt.Sprintf("byte %d is not what the files ask for", at+i)}}
}

// differs is the first offset at which two texts differ, -1 when they are the same.
func differs(a, b []byte) int {
	if bytes.Equal(a, b) {
		return -1
	}
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// goodName reports whether a name is a relative path of plain characters, which no program unpacks to elsewhere.
func goodName(name string) bool {
	if name == "" || len(name) > maxName {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || strings.Trim(part, ".") == "" {
			return false
		}
	}
	return strings.IndexFunc(name, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("/._-", c))
	}) < 0
}
