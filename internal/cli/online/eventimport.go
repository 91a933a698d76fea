package online

import (
	"bytes"
	"context"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"triward/client"
	"triward/internal/cli/terminal"
	"triward/internal/eventlog/source"
	"triward/internal/problem"
)

// Bounds of what is sent in one request.
const (
	batchRecords = 4096
	batchBytes   = 4 << 20
	maxWait      = 10 * time.Minute // for a server that takes nothing
)

// importEvents is `events import`: what `events read` prints, sent to the server.
func (r *Remote) importEvents() *cobra.Command {
	var format, from string
	c := &cobra.Command{Use: "import FILE|DIR...", Short: "Import the records of files as events",
		Long: `Import the records of files as events: syslog, audit messages, logs of Zeek and Suricata, Windows events as JSON, CEF and
JSON lines, plain or packed with gzip, zstd and tar. The same file again adds nothing. What cannot be decoded is kept as
it is; "events read --faults" shows it beforehand.`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return terminal.Misused("%s needs a file or a folder (see --help)", c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if from == "" {
				return terminal.Misused("--source names the source that the records are from")
			}
			to, err := r.client()
			if err != nil {
				return err
			}
			i := importing{r: r, to: to, batch: client.EventBatch{Format: format, Source: from}}
			return i.paths(c.Context(), args)
		}}
	c.Flags().StringVar(&format, "format", "", "what the files hold; without it, each record shows it")
	c.Flags().StringVar(&from, "source", "", "name of the source that the records are from")
	return c
}

// importing sends the records of files in batches.
type importing struct {
	r     *Remote
	to    *client.Client
	batch client.EventBatch
	body  bytes.Buffer
	ends  []int // of the records in body

	Files    int   `json:"files"`
	Records  int64 `json:"records"`
	Accepted int64 `json:"accepted"`
	Cut      int64 `json:"cut"` // records that were longer than allowed
}

func (i *importing) paths(ctx context.Context, paths []string) error {
	failed := false
	for _, p := range paths {
		files, err := source.Files(p)
		if err != nil {
			return err
		}
		for _, f := range files {
			err := i.file(ctx, f)
			if problem.KindOf(err) == problem.Invalid { // the other files are sent all the same
				failed = true
				i.r.hint("triward: %v\n", err)
				continue
			}
			if err != nil {
				return err
			}
		}
	}
	if err := i.r.Show(i, func() error {
		i.r.printf("%d files, %d records, %d accepted, %d cut\n", i.Files, i.Records, i.Accepted, i.Cut)
		return nil
	}); err != nil {
		return err
	}
	if failed {
		return terminal.Exit{Code: terminal.Negative}
	}
	return nil
}

func (i *importing) file(ctx context.Context, file string) error {
	digest, err := source.Digest(file)
	if err != nil {
		return err
	}
	i.batch.Key, i.batch.First = digest, 0
	stats, err := source.ReadFile(ctx, file, source.Limits{Document: 1 << 20}, func(rec source.Record) error {
		name := logName(rec.Name)
		if name != i.batch.Name || len(i.ends) >= batchRecords || i.body.Len()+len(rec.Data) > batchBytes {
			if err := i.send(ctx); err != nil {
				return err
			}
			i.batch.Name = name
		}
		i.body.WriteString(strconv.Itoa(len(rec.Data)))
		i.body.WriteByte('\n')
		i.body.Write(rec.Data)
		i.body.WriteByte('\n')
		i.ends = append(i.ends, i.body.Len())
		return nil
	})
	if err == nil || problem.KindOf(err) == problem.Invalid { // what was read before the file broke counts
		if sending := i.send(ctx); sending != nil {
			err = sending
		}
	}
	i.Files++
	i.Records += stats.Records
	i.Cut += stats.Cut
	i.body.Reset()
	i.ends = i.ends[:0]
	return err
}

// logName is the file or the member of an archive that a record is from, without the folders.
func logName(name string) string {
	if at := strings.LastIndexByte(name, '!'); at >= 0 {
		name = name[at+1:]
	}
	name = path.Base(filepath.ToSlash(name))
	if len(name) > 200 {
		name = name[:200]
	}
	return name
}

// send sends what is in the body. A server that is busy is asked again for what it did not take.
func (i *importing) send(ctx context.Context) error {
	done, waited := 0, time.Duration(0)
	for done < len(i.ends) {
		from := 0
		if done > 0 {
			from = i.ends[done-1]
		}
		i.batch.Body = bytes.NewReader(i.body.Bytes()[from:])
		took, err := client.SendEvents(ctx, i.to, i.batch)
		done += took.Records
		i.batch.First += int64(took.Records)
		i.Accepted += int64(took.Records)
		if err == nil {
			break
		}
		if took.Retry == 0 || waited >= maxWait {
			return told(err)
		}
		if err := pause(ctx, took.Retry); err != nil {
			return err
		}
		waited += took.Retry
	}
	i.body.Reset()
	i.ends = i.ends[:0]
	return nil
}
