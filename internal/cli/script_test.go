package cli

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"triward/apiv1"
	"triward/client"
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
			return os.Mkdir(e.WorkDir+"/d", 0o700)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"await": await, "keep": keep, "ranked": ranked},
	})
}

// await FILE waits until a file is there.
func await(s *testscript.TestScript, _ bool, args []string) {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(s.MkAbs(args[0])); err == nil {
			return
		}
	}
	s.Fatalf("%s did not appear", args[0])
}

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

// ranked waits until the followers of the journal have caught up with it.
func ranked(s *testscript.TestScript, _ bool, _ []string) {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		st, err := client.Socket(s.MkAbs("d/triward.sock")).System(context.Background())
		s.Check(err)
		if !slices.ContainsFunc(st.Followers, func(f apiv1.FollowerState) bool { return f.Behind > 0 }) {
			return
		}
	}
	s.Fatalf("the followers did not catch up")
}
