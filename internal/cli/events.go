package cli

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"triward/internal/cli/terminal"
	"triward/internal/eventlog"
	"triward/internal/eventlog/decode"
	"triward/internal/eventlog/source"
	"triward/internal/problem"
)

// eventFlags are what `events read` is told about the files.
type eventFlags struct {
	format, zone, received, salt string
	faults, raw                  bool
}

func (p *program) events() *cobra.Command {
	c := &cobra.Command{Use: "events", Short: "Read, import, search and export security events"}
	var f eventFlags
	read := &cobra.Command{Use: "read FILE|DIR...", Short: "Print what files hold as normalised events, offline",
		Long: `Print what files hold as normalised events, without a server: syslog, audit messages (DICOM, FHIR), logs of Zeek and
Suricata, Windows events as JSON, CEF and JSON lines, plain or packed with gzip, zstd and tar. With --json, one object a
line. Patients stand as digests that differ from run to run, unless --salt-file names the salt.`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return terminal.Misused("%s needs a file or a folder (see --help)", c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return p.readEvents(c.Context(), args, f) }}
	read.Flags().StringVar(&f.format, "format", "", "what the files hold: "+strings.Join(eventlog.Formats, ", ")+"; without it, each record shows it")
	read.Flags().StringVar(&f.zone, "zone", "", "time zone of the source, for times that name none (Europe/Berlin)")
	read.Flags().StringVar(&f.received, "received", "", "when the records were received, RFC 3339, from which a missing year is taken; now without it")
	read.Flags().StringVar(&f.salt, "salt-file", "", "file with the salt of the digests that stand for patients")
	read.Flags().BoolVar(&f.faults, "faults", false, "print only what could not be decoded, or not whole")
	read.Flags().BoolVar(&f.raw, "raw", false, "print the originals too")
	c.AddCommand(read)
	c.AddCommand(p.remote().Under("events")...)
	return c
}

// eventReader prints the events of files.
type eventReader struct {
	p        *program
	flags    eventFlags
	out      *bufio.Writer
	decoder  *decode.Decoder
	zone     *time.Location
	received int64
	batch    []eventlog.Event

	events, faults int64
	total          source.Stats
}

func (p *program) eventReader(f eventFlags) (*eventReader, error) {
	r := &eventReader{p: p, flags: f, out: bufio.NewWriterSize(p.Out, 64<<10), received: time.Now().UnixMicro()}
	if f.format != "" && !slices.Contains(eventlog.Formats, f.format) {
		return nil, terminal.Misused("--format is one of %s", strings.Join(eventlog.Formats, ", "))
	}
	if f.zone != "" {
		z, err := time.LoadLocation(f.zone)
		if err != nil {
			return nil, terminal.Misused("--zone: %w", err)
		}
		r.zone = z
	}
	if f.received != "" {
		at, err := time.Parse(time.RFC3339, f.received)
		if err != nil {
			return nil, terminal.Misused("--received: %w", err)
		}
		r.received = at.UnixMicro()
	}
	salt := make([]byte, 32)
	if _, err := rand.Read(salt); err != nil {
		return nil, fmt.Errorf("make a salt: %w", err)
	}
	if f.salt != "" {
		text, err := terminal.ReadFile(f.salt, 4096)
		if err != nil {
			return nil, err
		}
		if salt = bytes.TrimSpace(text); len(salt) < 16 {
			return nil, problem.New(problem.Invalid, "%s: a salt has at least 16 bytes", f.salt)
		}
	}
	r.decoder = decode.New(salt)
	return r, nil
}

func (p *program) readEvents(ctx context.Context, paths []string, f eventFlags) error {
	r, err := p.eventReader(f)
	if err != nil {
		return err
	}
	failed := false
	for _, path := range paths {
		files, err := source.Files(path)
		if err != nil {
			return err
		}
		for _, file := range files {
			if err := r.file(ctx, file); err != nil {
				if problem.KindOf(err) != problem.Invalid || ctx.Err() != nil {
					return errors.Join(err, r.out.Flush())
				}
				failed = true // the other files are read all the same
				p.complain(err)
			}
		}
	}
	if err := r.out.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(p.Err, "%d records, %d events, %d with a fault", r.total.Records, r.events, r.faults)
	if r.total.Cut > 0 {
		fmt.Fprintf(p.Err, ", %d cut (%d bytes gone)", r.total.Cut, r.total.Lost)
	}
	fmt.Fprintln(p.Err)
	if failed {
		return terminal.Exit{Code: terminal.Negative}
	}
	return nil
}

func (r *eventReader) file(ctx context.Context, file string) error {
	digest, err := source.Digest(file)
	if err != nil {
		return err
	}
	ids := eventlog.Derive("file", digest)
	stats, err := source.ReadFile(ctx, file, source.Limits{}, func(rec source.Record) error {
		r.batch = r.decoder.Append(r.batch[:0], decode.Input{ID: ids.At(rec.Ordinal), Source: "file", Received: r.received,
			Payload: rec.Data, Format: r.flags.format, Name: rec.Name, Zone: r.zone})
		for i := range r.batch {
			if err := r.print(rec, &r.batch[i]); err != nil {
				return err
			}
		}
		return nil
	})
	r.total.Records += stats.Records
	r.total.Cut += stats.Cut
	r.total.Lost += stats.Lost
	return err
}

func (r *eventReader) print(rec source.Record, e *eventlog.Event) error {
	r.events++
	if e.Fault != "" {
		r.faults++
	} else if r.flags.faults {
		return nil
	}
	if r.p.JSON {
		text, err := json.Marshal(eventLine(rec, e, r.flags))
		if err != nil {
			return err
		}
		_, err = r.out.Write(append(text, '\n'))
		return err
	}
	at := "undated                   "
	if e.Time != 0 {
		at = time.UnixMicro(e.Time).UTC().Format("2006-01-02 15:04:05.000000")
	}
	parts := []string{at, e.Format, strings.Trim(e.Product+"/"+e.Service+"/"+e.Category, "/")}
	for _, s := range []string{between(e), named("user", e.User), named("host", e.Host), terminal.Text(e.Message)} {
		if s != "" && s != "-" {
			parts = append(parts, s)
		}
	}
	if e.Fault != "" {
		parts = append(parts, fmt.Sprintf("[%s line %d: %s]", rec.Name, rec.Line, e.Fault))
	}
	_, err := r.out.WriteString(strings.Join(parts, "  ") + "\n")
	return err
}

func named(name, v string) string {
	if v == "" {
		return ""
	}
	return name + "=" + terminal.Text(v)
}

// between is "10.0.0.1:5 > 10.0.0.2:104 tcp" of what is known.
func between(e *eventlog.Event) string {
	side := func(ip string, port int) string {
		if ip != "" && port != 0 {
			return fmt.Sprintf("%s:%d", ip, port)
		}
		return ip
	}
	s := side(e.SrcIP, e.SrcPort)
	if d := side(e.DstIP, e.DstPort); d != "" {
		s += " > " + d
	}
	return strings.TrimSpace(s + " " + e.Proto)
}

// eventJSON is an event as a line of JSON. Times are RFC 3339 in UTC; what is unknown is left out.
type eventJSON struct {
	File     string            `json:"file"`
	Line     int64             `json:"line"`
	ID       eventlog.ID       `json:"id"`
	Time     string            `json:"time,omitempty"`
	Received string            `json:"received"`
	Format   string            `json:"format"`
	Fault    string            `json:"fault,omitempty"`
	Product  string            `json:"product,omitempty"`
	Category string            `json:"category,omitempty"`
	Service  string            `json:"service,omitempty"`
	Class    int               `json:"class"`
	Activity int               `json:"activity"`
	Severity int               `json:"severity"`
	Outcome  int               `json:"outcome"`
	User     string            `json:"user,omitempty"`
	Host     string            `json:"host,omitempty"`
	SrcIP    string            `json:"src_ip,omitempty"`
	SrcPort  int               `json:"src_port,omitempty"`
	DstIP    string            `json:"dst_ip,omitempty"`
	DstPort  int               `json:"dst_port,omitempty"`
	Proto    string            `json:"proto,omitempty"`
	Hash     string            `json:"hash,omitempty"`
	Message  string            `json:"message,omitempty"`
	Fields   map[string]string `json:"fields,omitempty"`
	Raw      []byte            `json:"raw,omitempty"` // base64
}

func eventLine(rec source.Record, e *eventlog.Event, f eventFlags) eventJSON {
	out := eventJSON{File: rec.Name, Line: rec.Line, ID: e.ID, Received: instant(e.Received), Format: e.Format, Fault: e.Fault, Product: e.Product,
		Category: e.Category, Service: e.Service, Class: e.Class, Activity: e.Activity, Severity: e.Severity, Outcome: e.Outcome,
		User: e.User, Host: e.Host, SrcIP: e.SrcIP, SrcPort: e.SrcPort, DstIP: e.DstIP, DstPort: e.DstPort, Proto: e.Proto, Hash: e.Hash, Message: e.Message}
	if e.Time != 0 {
		out.Time = instant(e.Time)
	}
	if len(e.Fields) > 0 {
		out.Fields = make(map[string]string, len(e.Fields))
		for _, x := range e.Fields {
			out.Fields[x.Name] = x.Value
		}
	}
	if f.raw {
		out.Raw = e.Raw
	}
	return out
}

func instant(µs int64) string { return time.UnixMicro(µs).UTC().Format(time.RFC3339Nano) }
