package content

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"time"
)

//go:embed demo
var demo embed.FS

// Demo reads files of the demonstration as of an instant.
type Demo struct {
	Now   time.Time
	Shift time.Duration // of every token with a time of the day
}

var dateToken = regexp.MustCompile(`@([+-][0-9]{1,4})(T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?@`)

// File reads one file by its name below demo/, with its dates filled in.
func (d Demo) File(name string) ([]byte, error) {
	body, err := demo.ReadFile(path.Join("demo", name))
	if err != nil {
		return nil, fmt.Errorf("read demonstration: %w", err)
	}
	return dateToken.ReplaceAllFunc(body, func(token []byte) []byte {
		return []byte(d.Date(string(token)))
	}), nil
}

// Date is what a text stands for that is a date token; any other text stands for itself.
func (d Demo) Date(text string) string {
	m := dateToken.FindStringSubmatch(text)
	if m == nil || m[0] != text {
		return text
	}
	days, err := strconv.Atoi(m[1])
	if err != nil {
		return text
	}
	day := d.Now.UTC().AddDate(0, 0, days).Format(time.DateOnly)
	if m[2] == "" {
		return day
	}
	clock := m[2]
	if len(clock) == len("T09:00") {
		clock += ":00"
	}
	at, err := time.Parse(time.RFC3339, day+clock+"Z")
	if err != nil {
		return text
	}
	return at.Add(d.Shift).Format(time.RFC3339)
}

// Instant is what a date token with a time of the day stands for, without its marks: "-2T22:41:00".
func (d Demo) Instant(token string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, d.Date("@"+token+"@"))
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no date and time: %w", token, err)
	}
	return at, nil
}

// Record is a line of a file of events, and when it was written.
type Record struct {
	At   time.Time
	Text []byte
}

// Records reads a file of events below demo/events, one a line. A record is written at the first time that it names.
func (d Demo) Records(name string) ([]Record, error) {
	body, err := demo.ReadFile(path.Join("demo/events", name))
	if err != nil {
		return nil, fmt.Errorf("read demonstration: %w", err)
	}
	var out []Record
	for line := range bytes.Lines(body) {
		line = bytes.TrimRight(line, "\n")
		at, err := d.Instant(string(bytes.Trim(dateToken.Find(line), "@")))
		if err != nil {
			return nil, fmt.Errorf("%s: a record without a time: %w", name, err)
		}
		out = append(out, Record{at, dateToken.ReplaceAllFunc(line, func(token []byte) []byte { return []byte(d.Date(string(token))) })})
	}
	return out, nil
}

// Names lists the files below a folder of demo/, sorted; none when there is no such folder.
func (d Demo) Names(folder string) []string {
	var out []string
	root := path.Join("demo", folder)
	// The only failure is that the folder is not there: the file system is in memory.
	_ = fs.WalkDir(demo, root, func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			out = append(out, p[len("demo/"):])
		}
		return err
	})
	return out
}
