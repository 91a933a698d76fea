package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary builds the program once, or takes the one that TRIWARD_TEST_BINARY names: a release, for example.
var binary = sync.OnceValues(func() (string, error) {
	if file := os.Getenv("TRIWARD_TEST_BINARY"); file != "" {
		return filepath.Abs(file)
	}
	dir, err := os.MkdirTemp("", "triward-e2e-")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "triward")
	c := exec.Command("go", "build", "-o", file, "triward/cmd/triward")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return file, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if file, err := binary(); err == nil && os.Getenv("TRIWARD_TEST_BINARY") == "" {
		os.RemoveAll(filepath.Dir(file))
	}
	os.Exit(code)
}

// server is a running program.
type server struct {
	address  string // http://127.0.0.1:port
	password string // of the demonstration
	setup    string // the link for the first account
	data     string
}

var (
	addressLine  = regexp.MustCompile(`answers at (http://\S+)`)
	passwordLine = regexp.MustCompile(`as admin with the password (\S+)`)
	setupLine    = regexp.MustCompile(`^\s+(http://\S+)$`)
)

// start runs the program on a free port of this machine until the test ends, and reads what it says.
func start(t *testing.T, flags ...string) server {
	t.Helper()
	return startIn(t, t.TempDir(), flags...)
}

// startIn runs the program on a folder.
func startIn(t *testing.T, data string, flags ...string) server {
	t.Helper()
	file, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	s := server{data: data}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	c := exec.CommandContext(ctx, file, append([]string{"serve", "--data", filepath.Base(s.data), "--listen", "127.0.0.1:0"}, flags...)...)
	c.Dir = filepath.Dir(s.data) // a folder named from where one stands, as make run does
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = 10 * time.Second
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		c.Wait() // it was told to end
		for line := range strings.Lines(said.String()) {
			if strings.Contains(line, "level=ERROR") || strings.Contains(line, "panic") {
				t.Errorf("the program logged: %s", line)
			}
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		for _, want := range []struct {
			form *regexp.Regexp
			to   *string
		}{{addressLine, &s.address}, {passwordLine, &s.password}, {setupLine, &s.setup}} {
			if m := want.form.FindStringSubmatch(lines.Text()); m != nil {
				*want.to = m[1]
			}
		}
		if s.address != "" && s.password+s.setup != "" {
			go func() { // keep the pipe empty
				for lines.Scan() {
				}
			}()
			return s
		}
	}
	cancel()
	c.Wait() // what it said matters
	t.Fatalf("the program did not say how to reach it:\n%s", said.String())
	return s
}

// command runs the program beside a server, on its machine, and returns what it printed.
func (s server) command(t *testing.T, args ...string) string {
	t.Helper()
	file, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), file, append(args, "--data", s.data)...)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("triward %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
