//go:build linux

package ingest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"triward/internal/problem"
)

const (
	gigabyte = 1 << 30
	// childMemory is what the program may need at most for any of the large files, itself included.
	childMemory = 900 << 20
	// fileTime is far more than any of them takes, for a machine that does much else.
	fileTime = 30 * time.Second
)

// job is one file for one reader, and what became of it.
type job struct {
	Reader string // its good file
	Path   string
	Error  string
	Kind   problem.Kind
	Peak   int64 // bytes of memory that the process has needed so far
	Took   time.Duration
}

// TestReadInChild is the other side of TestLargeInput: it reads what it is told to and says what it needed.
func TestReadInChild(t *testing.T) {
	if os.Getenv("TRIWARD_TEST_READ") == "" {
		return // it is nobody's child
	}
	in, err := os.ReadFile(os.Getenv("TRIWARD_TEST_READ"))
	if err != nil {
		t.Fatal(err)
	}
	var jobs []job
	if err := json.Unmarshal(in, &jobs); err != nil {
		t.Fatal(err)
	}
	by := map[string]reader{}
	for _, r := range readers() {
		by[r.name] = r
	}
	out := json.NewEncoder(os.Stdout)
	for _, j := range jobs {
		start := time.Now()
		err := by[j.Reader].read(j.Path)
		j.Took = time.Since(start)
		if err != nil {
			j.Error, j.Kind = err.Error(), problem.KindOf(err)
		}
		j.Peak = peak(t)
		if err := out.Encode(j); err != nil {
			t.Fatal(err)
		}
	}
}

// peak is the largest resident memory of this process so far (proc(5), VmHWM).
func peak(t *testing.T) int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n << 10
		}
	}
	t.Fatal("no VmHWM")
	return 0
}

// TestLargeInput gives every reader files of a gigabyte and small files that become one, in a process of its own, whose
// memory the kernel counts.
func TestLargeInput(t *testing.T) {
	jobs := largeJobs(t)
	list, err := json.Marshal(jobs)
	if err != nil {
		t.Fatal(err)
	}
	todo := filepath.Join(t.TempDir(), "jobs")
	if err := os.WriteFile(todo, list, 0o600); err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, program, "-test.run=^TestReadInChild$")
	c.Env = append(os.Environ(), "TRIWARD_TEST_READ="+todo, "GOMEMLIMIT=512MiB")
	c.Dir = t.TempDir() // nothing may be unpacked here
	var failed bytes.Buffer
	c.Stderr = &failed
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v\n%.3000s\n%.3000s", err, failed.Bytes(), out)
	}
	done, most, took := 0, int64(0), time.Duration(0)
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "{") {
			continue
		}
		var j job
		if err := json.Unmarshal([]byte(line), &j); err != nil {
			t.Fatal(err)
		}
		done++
		as := j.Reader + " from " + filepath.Base(j.Path)
		if !strings.Contains(j.Error, filepath.Base(j.Path)) || j.Kind != problem.Invalid {
			t.Errorf("%s: error %q of kind %q", as, j.Error, j.Kind)
		}
		if j.Peak > childMemory && most <= childMemory {
			t.Errorf("%s: the process needed %d MB", as, j.Peak>>20)
		}
		if j.Took > fileTime {
			t.Errorf("%s: took %v", as, j.Took)
		}
		most, took = max(most, j.Peak), took+j.Took
		t.Logf("%-50s %8v %4d MB  %.160s", as, j.Took.Round(time.Millisecond), j.Peak>>20, j.Error)
	}
	if done != len(jobs) {
		t.Errorf("%d of %d files were tried\n%.3000s", done, len(jobs), out)
	}
	if left, err := os.ReadDir(c.Dir); err != nil || len(left) > 0 {
		t.Errorf("the readers left %v behind, error %v", left, err)
	}
	t.Logf("%d files, %v, %d MB at most", done, took.Round(time.Millisecond), most>>20)
}

// largeJobs makes the files. They hold almost nothing on the disk: holes, or what packs well.
func largeJobs(t *testing.T) []job {
	dir := t.TempDir()
	var jobs []job
	add := func(path string, to ...reader) {
		for _, r := range to {
			jobs = append(jobs, job{Reader: r.name, Path: path})
		}
	}
	holes := filepath.Join(dir, "holes")
	sparse(t, holes, "")
	zipped := filepath.Join(dir, "bomb.zip")
	gzipped := filepath.Join(dir, "zeros.gz")
	zeros := packZeros(t, zipped)
	if err := os.WriteFile(gzipped, zeros, 0o600); err != nil {
		t.Fatal(err)
	}
	rows := filepath.Join(dir, "rows.csv.gz")
	packRows(t, rows)
	tgz, tzst := filepath.Join(dir, "bomb.tar.gz"), filepath.Join(dir, "bomb.tar.zst")
	packTar(t, tgz, tzst, zeros)
	plain := filepath.Join(dir, "zeros.tar")
	sparse(t, plain, "")
	denseJobs(t, dir, add)
	all := readers()
	add(holes, all...)
	add(zipped, all...)
	add(gzipped, all...)
	add(tzst, all...)
	add(tgz, all...)
	for _, r := range all {
		if strings.HasPrefix(r.good, "{") && !r.lines {
			add(plain, r)
		}
		head := filepath.Join(dir, "large-"+r.name) // begins like a good one
		sparse(t, head, r.good)
		add(head, r)
		if r.name == "epss.csv" {
			add(rows, r)
		}
	}
	return jobs
}

// denseJobs makes files that are small enough to be read, of as many values as fit: what a tree makes large.
func denseJobs(t *testing.T, dir string, add func(string, ...reader)) {
	const size = 24 << 20
	for _, r := range readers() {
		var shapes []string
		var head, tail string
		switch {
		case r.json():
			head, tail = strings.TrimSuffix(r.good, "}")+`, "dense": [`, "0]}"
			shapes = []string{`{"":0},`}
		case strings.HasPrefix(r.good, "{"): // one line of many values after good ones
			head, tail = r.good+`{"resourceType": "Device", "dense": [`, "0]}\n"
			shapes = []string{"{},"}
		case strings.HasPrefix(r.good, "<"):
			end := strings.LastIndex(r.good, "</")
			head, tail = r.good[:end], r.good[end:]
			shapes = []string{"<a b=''/>"}
		case strings.HasPrefix(r.good, "SPDX"):
			head, shapes = r.good, []string{"a:\n"}
		case r.text:
			head = strings.Repeat("a,", 250) + "a\n"
			shapes = []string{"1" + strings.Repeat(",", 250) + "\n", "1\n"}
		default:
			head, shapes = r.good, []string{",", "\n,,"}
		}
		for i, shape := range shapes {
			path := filepath.Join(dir, "dense"+strconv.Itoa(i)+"-"+r.name)
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			b := []byte(strings.Repeat(shape, 1<<20/len(shape)))
			_, err = io.WriteString(f, head)
			for n := 0; n < size && err == nil; n += len(b) {
				_, err = f.Write(b)
			}
			if err == nil {
				_, err = io.WriteString(f, tail)
			}
			if err = errors.Join(err, f.Close()); err != nil {
				t.Fatal(err)
			}
			add(path, r)
		}
	}
}

// sparse makes a file of a gigabyte with a beginning; the rest is a hole.
func sparse(t *testing.T, path, head string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(head), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, gigabyte); err != nil {
		t.Fatal(err)
	}
}

// packZeros returns a gigabyte of zeros as a gzip file, and writes it as entries of a zip archive, some with names that
// lead out of it. Both hold the same deflate stream (RFC 1951), which gzip puts between 10 bytes and the checksum (RFC
// 1952 2.3).
func packZeros(t *testing.T, zipped string) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	writeZeros(t, z)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	packed := b.Bytes()[10 : b.Len()-8]
	sum := binary.LittleEndian.Uint32(b.Bytes()[b.Len()-8:])
	f, err := os.Create(zipped)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := zip.NewWriter(f)
	for _, name := range []string{"../../../out.json", "/tmp/out.json", `..\out.json`, "CVE-2026-1234.json", "a/../../CVE-2026-1235.json", "inner.zip"} {
		e, err := w.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Deflate, CRC32: sum, CompressedSize64: uint64(len(packed)), UncompressedSize64: gigabyte})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Write(packed); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func writeZeros(t *testing.T, w io.Writer) {
	t.Helper()
	block := make([]byte, 1<<20)
	for range gigabyte / len(block) {
		if _, err := w.Write(block); err != nil {
			t.Fatal(err)
		}
	}
}

// packed is data as one gzip member; a file may have many (RFC 1952 2.2).
func packed(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// packRows writes a gigabyte of scores that are all right.
func packRows(t *testing.T, path string) {
	t.Helper()
	block := []byte(strings.Repeat("CVE-2026-1234,0.5,0.9\n", 1<<16))
	if err := os.WriteFile(path, bytes.Repeat(packed(t, block), gigabyte/len(block)+1), 0o600); err != nil {
		t.Fatal(err)
	}
}

// packTar writes archives with one entry of a gigabyte, whose name leads out of them. zeros is a gigabyte as gzip.
func packTar(t *testing.T, tgz, tzst string, zeros []byte) {
	t.Helper()
	var head bytes.Buffer
	if err := tar.NewWriter(&head).WriteHeader(&tar.Header{Name: "../../CVE-2026-1234.json", Mode: 0o600, Size: gigabyte, Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(tgz, append(packed(t, head.Bytes()), zeros...), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(tzst)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewWriter(f, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(head.Bytes()); err != nil {
		t.Fatal(err)
	}
	writeZeros(t, z)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}
