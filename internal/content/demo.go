package content

import (
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
type Demo struct{ Now time.Time }

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
	if len(m[2]) == len("T09:00:00") {
		return day + m[2] + "Z"
	}
	return day + m[2] + ":00Z"
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
