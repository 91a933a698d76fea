package terminal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"triward/internal/problem"
)

// Terminal is where a command is typed.
type Terminal struct {
	In       io.Reader
	Out, Err io.Writer
	JSON     bool // print values as JSON
}

// Usage marks errors of how a command was called.
type Usage struct{ error }

// Misused is an error of how a command was called.
func Misused(format string, args ...any) error { return Usage{fmt.Errorf(format, args...)} }

// Exit ends the program with a code after what it had to say has been said.
type Exit struct{ Code int }

func (e Exit) Error() string { return fmt.Sprintf("exit code %d", e.Code) }

// Negative is the exit code of a negative answer.
const Negative = 1

// Exactly is cobra's check of the number of arguments, as an error of usage.
func Exactly(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return Misused("%s needs %d arguments, got %d (see --help)", c.CommandPath(), n, len(args))
		}
		return nil
	}
}

// Print writes a value as indented JSON.
func (t *Terminal) Print(v any) error {
	e := json.NewEncoder(t.Out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// Show prints a value as JSON, or lets text write it for people.
func (t *Terminal) Show(v any, text func() error) error {
	if t.JSON {
		return t.Print(v)
	}
	return text()
}

// Done says what was done, as JSON too, so that a script may read every answer.
func (t *Terminal) Done(format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	return t.Show(map[string]string{"done": text}, func() error {
		_, err := fmt.Fprintln(t.Out, text)
		return err
	})
}

// Table begins a table; the writer is to be flushed.
func (t *Terminal) Table(header ...string) *tabwriter.Writer {
	w := tabwriter.NewWriter(t.Out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(header, "\t"))
	return w
}

// Row writes a row of a table.
func Row(w *tabwriter.Writer, cells ...any) {
	parts := make([]string, len(cells))
	for i, c := range cells {
		parts[i] = Text(c)
	}
	fmt.Fprintln(w, strings.Join(parts, "\t"))
}

// Fields writes what is known of one thing, a field on a line; empty ones are left out.
func (t *Terminal) Fields(pairs ...any) error {
	w := tabwriter.NewWriter(t.Out, 0, 4, 2, ' ', 0)
	for i := 0; i+1 < len(pairs); i += 2 {
		if s := Text(pairs[i+1]); s != "-" && s != "[]" {
			fmt.Fprintf(w, "%v\t%s\n", pairs[i], s)
		}
	}
	return w.Flush()
}

// Text is a value for people: "-" when there is none.
func Text(v any) string {
	switch x := v.(type) {
	case time.Time:
		if x.IsZero() {
			return "-"
		}
		return x.UTC().Format("2006-01-02 15:04")
	case *float64:
		if x == nil {
			return "-"
		}
		return fmt.Sprintf("%.3f", *x)
	case bool:
		if x {
			return "yes"
		}
		return "no"
	}
	s := strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, fmt.Sprint(v))
	if s == "" {
		return "-"
	}
	return s
}

// Open opens a file to send; "-" is the standard input.
func (t *Terminal) Open(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(t.In), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, problem.New(problem.NotFound, "cannot read %s: %v", name, Reason(err))
	}
	return f, nil
}

// Save writes a file; "" is the standard output.
func (t *Terminal) Save(name string, write func(io.Writer) error) error {
	if name == "" {
		return write(t.Out)
	}
	f, err := os.Create(name + ".part")
	if err != nil {
		return problem.New(problem.Invalid, "cannot write %s: %v", name, Reason(err))
	}
	defer os.Remove(f.Name())
	if err := errors.Join(write(f), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// ReadFile reads a file of at most limit bytes; a larger one is refused before it is read.
func ReadFile(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, problem.New(problem.NotFound, "cannot read %s: %v", name, Reason(err))
	}
	defer f.Close()
	s, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if s.IsDir() {
		return nil, problem.New(problem.Invalid, "%s is a folder", name)
	}
	if s.Size() > limit {
		return nil, problem.New(problem.Invalid, "%s is %d MB, the limit is %d MB", name, s.Size()>>20, limit>>20)
	}
	body, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if int64(len(body)) > limit {
		return nil, problem.New(problem.Invalid, "%s is larger than %d MB", name, limit>>20)
	}
	return body, nil
}

// Reason is what went wrong with a file, without its path.
func Reason(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
