package cli

import (
	"net"
	"os"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"triward": func() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }})
}

// TestScripts runs the stories of testdata/script: the program as people use it.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("TRIWARD_DATA_DIR", e.WorkDir+"/d")
			e.Setenv("NOTIFY_SOCKET", e.WorkDir+"/ready")
			said, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: e.WorkDir + "/ready", Net: "unixgram"})
			if err != nil {
				return err
			}
			e.Values[ready{}] = said
			e.Defer(func() { said.Close() })
			return os.Mkdir(e.WorkDir+"/d", 0o700)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"await": await, "keep": keep},
	})
}

// await waits until the server of the story says that it answers, as a service manager would.
func await(s *testscript.TestScript, _ bool, _ []string) {
	said, ok := s.Value(ready{}).(*net.UnixConn)
	if !ok {
		s.Fatalf("nobody listens")
	}
	s.Check(said.SetReadDeadline(time.Now().Add(time.Minute)))
	text := make([]byte, 100)
	n, err := said.Read(text)
	s.Check(err)
	if string(text[:n]) != "READY=1" {
		s.Fatalf("the server says %q", text[:n])
	}
}

// ready is the key of the socket that a server is told of.
type ready struct{}

// keep NAME keeps the first line that the last command printed in the environment.
func keep(s *testscript.TestScript, _ bool, args []string) {
	text := s.ReadFile("stdout")
	for i, r := range text {
		if r == '\n' {
			text = text[:i]
			break
		}
	}
	s.Setenv(args[0], text)
}
